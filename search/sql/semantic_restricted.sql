-- Purpose: nearest vectors among those that are allowed, exact.
-- Parameters: depth, those of {allowed}, a condition on photo_id; the braces of semantic.sql.
-- Columns: photo_ids, cosines, levels, each packed as the server sends it; best first, ties by id.
-- Index served: the unique (space, photo).
WITH scored AS MATERIALIZED (
    SELECT photo_id, level,
           (vector::halfvec({dimensions})) <#> {vector}::halfvec({dimensions}) AS distance
      FROM {table}
     WHERE space_id = {space_id} AND listed
       AND {allowed}
), nearest AS (
    SELECT * FROM scored ORDER BY distance, photo_id LIMIT %(depth)s
)
SELECT string_agg(uuid_send(photo_id), '' ORDER BY distance, photo_id),
       string_agg(float4send((-distance)::real), '' ORDER BY distance, photo_id),
       string_agg(float4send(level::real), '' ORDER BY distance, photo_id)
  FROM nearest
