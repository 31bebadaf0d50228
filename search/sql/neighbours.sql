-- Purpose: the nearest pictures of each of a few photos, among listed ones, approximate.
-- Parameters: photo_ids (uuid[]), depth (of each), candidates (as in semantic.sql).
--   {space_id}, {dimensions}: formatted in by search.retrievers as checked values.
-- Columns: photo_id; neighbours, ids of 16 bytes each, the nearest first, itself included.
-- Index served: embeddings_imagevector_space_{space_id}_hnsw, once for each photo.
WITH knobs AS MATERIALIZED (
    SELECT set_config('hnsw.ef_search', %(candidates)s::text, true),
           set_config('hnsw.iterative_scan', 'relaxed_order', true)
), seeds AS MATERIALIZED (
    SELECT photo_id, vector::halfvec({dimensions}) AS vector, knobs
      FROM knobs CROSS JOIN embeddings_imagevector
     WHERE space_id = {space_id} AND photo_id = ANY(%(photo_ids)s)
)
SELECT seeds.photo_id, string_agg(uuid_send(near.photo_id), '' ORDER BY distance, near.photo_id)
  FROM seeds
 CROSS JOIN LATERAL (
    SELECT photo_id, (stored.vector::halfvec({dimensions})) <#> seeds.vector AS distance
      FROM embeddings_imagevector AS stored
     WHERE space_id = {space_id} AND listed
     ORDER BY (stored.vector::halfvec({dimensions})) <#> seeds.vector
     LIMIT %(depth)s
 ) AS near
 GROUP BY seeds.photo_id
