-- Purpose: nearest vectors among the few photos that a phrase, exclusion or filter leaves, exact.
-- Parameters: vector (halfvec literal), depth, those of {allowed}, which selects
--   the photo_id of photos that are allowed; other braces as in semantic.sql.
-- Columns: photo_id, cosine, level; best first, ties by id.
-- Index served: document_tokens for the photos, then the unique (space, photo).
WITH allowed AS MATERIALIZED (
    {allowed}
), scored AS MATERIALIZED (
    SELECT photo_id, level,
           (vector::halfvec({dimensions})) <#> %(vector)s::halfvec({dimensions}) AS distance
      FROM {table} JOIN allowed USING (photo_id)
     WHERE space_id = {space_id} AND listed
)
SELECT photo_id, -distance AS cosine, level
  FROM scored
 ORDER BY distance, photo_id
 LIMIT %(depth)s
