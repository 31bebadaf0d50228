-- Purpose: nearest vectors among the few photos that a phrase, exclusion or filter leaves, exact.
-- Parameters: vector (halfvec literal), depth, those of {allowed}, which selects
--   the photo_id of photos that are allowed; other braces as in semantic.sql.
-- Columns: photo_ids, cosines, levels, each packed as the server sends it; best first, ties by id.
-- Index served: document_tokens for the photos, then the unique (space, photo).
WITH allowed AS MATERIALIZED (
    {allowed}
), scored AS MATERIALIZED (
    SELECT photo_id, level,
           (vector::halfvec({dimensions})) <#> %(vector)s::halfvec({dimensions}) AS distance
      FROM {table} JOIN allowed USING (photo_id)
     WHERE space_id = {space_id} AND listed
), nearest AS (
    SELECT * FROM scored ORDER BY distance, photo_id LIMIT %(depth)s
)
SELECT string_agg(uuid_send(photo_id), '' ORDER BY distance, photo_id),
       string_agg(float4send((-distance)::real), '' ORDER BY distance, photo_id),
       string_agg(float4send(level::real), '' ORDER BY distance, photo_id)
  FROM nearest
