/** Objects that hold the tags of one organisation. It must never change: stored data depends on it. */
export const TAG_SHARDS = 16;

/** The shard of a tag, by its key (FNV-1a, 32 bits). */
export function tagShard(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % TAG_SHARDS;
}

/** Name of a registry object. It must never change: stored data depends on it. */
export function registryName(organizationId: string, shard: number): string {
  return `${organizationId}/${shard}`;
}
