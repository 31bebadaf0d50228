-- Purpose: nearest vectors of listed photos in one space, approximate. A restriction that leaves
--   many photos is checked inside the scan, which goes on until it has enough (iterative_scan).
-- Parameters: vector (halfvec literal), depth, those of {condition}, which is true of the photos
--   that are allowed.
--   {table}, {space_id}, {dimensions}: formatted in by search.retrievers as checked values; a
--   bound parameter would hide the partial index from the planner.
-- Columns: photo_id, cosine, level; best first, ties by id.
-- Index served: {table}_space_{space_id}_hnsw. A second sort key inside the scan would kill it.
WITH nearest AS MATERIALIZED (
    SELECT photo_id, level,
           (vector::halfvec({dimensions})) <#> %(vector)s::halfvec({dimensions}) AS distance
      FROM {table}
     WHERE space_id = {space_id} AND listed
       AND {condition}
     ORDER BY (vector::halfvec({dimensions})) <#> %(vector)s::halfvec({dimensions})
     LIMIT %(depth)s
)
SELECT photo_id, -distance AS cosine, level
  FROM nearest
 ORDER BY distance, photo_id
