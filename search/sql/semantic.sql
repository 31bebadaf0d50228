-- Purpose: nearest vectors of listed photos in one space, approximate. A restriction that leaves
--   many photos is checked inside the scan, which goes on until it has enough (iterative_scan).
-- Parameters: {vector}, which names one (a halfvec literal), depth, candidates (that the scan keeps:
--   hnsw.ef_search), those of {condition}, which is true of the photos that are allowed.
--   {table}, {space_id}, {dimensions}: formatted in by search.retrievers as checked values; a
--   bound parameter would hide the partial index from the planner.
-- Columns: photo_ids, cosines, levels, each packed as the server sends it; best first, ties by id.
-- Index served: {table}_space_{space_id}_hnsw. A second sort key inside the scan would kill it.
-- The scan names the knobs, or it might begin before they are set.
WITH knobs AS MATERIALIZED (
    SELECT set_config('hnsw.ef_search', %(candidates)s::text, true),
           set_config('hnsw.iterative_scan', 'relaxed_order', true)
), nearest AS MATERIALIZED (
    SELECT scan.*
      FROM knobs
     CROSS JOIN LATERAL (
        SELECT photo_id, level, knobs,
               (vector::halfvec({dimensions})) <#> {vector}::halfvec({dimensions}) AS distance
          FROM {table}
         WHERE space_id = {space_id} AND listed
           AND {condition}
         ORDER BY (vector::halfvec({dimensions})) <#> {vector}::halfvec({dimensions})
         LIMIT %(depth)s
     ) AS scan
)
SELECT string_agg(uuid_send(photo_id), '' ORDER BY distance, photo_id),
       string_agg(float4send((-distance)::real), '' ORDER BY distance, photo_id),
       string_agg(float4send(level::real), '' ORDER BY distance, photo_id)
  FROM nearest
