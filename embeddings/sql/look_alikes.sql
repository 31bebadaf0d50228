-- Purpose: of some photos, the listed photos of the same owner whose pictures are nearest in one
--   space, approximate: what a photo's hash may miss, such as a small part of another photo.
-- Parameters: photo_ids, depth of each, least cosine.
--   {space_id}, {dimensions}: formatted in as checked values, for the partial index.
-- Columns: photo_id, ids of those near it.
-- Index served: embeddings_imagevector_space_{space_id}_hnsw.
SELECT photo.id, array_agg(near.photo_id)
  FROM embeddings_imagevector AS own
  JOIN gallery_photo AS photo ON photo.id = own.photo_id
 CROSS JOIN LATERAL (
    SELECT other.photo_id,
           (other.vector::halfvec({dimensions})) <#> own.vector::halfvec({dimensions}) AS distance
      FROM embeddings_imagevector AS other
     WHERE other.space_id = {space_id} AND other.listed AND other.photo_id <> photo.id
       AND (SELECT owner_id FROM gallery_photo WHERE id = other.photo_id) = photo.owner_id
     ORDER BY (other.vector::halfvec({dimensions})) <#> own.vector::halfvec({dimensions})
     LIMIT %(depth)s
 ) AS near
 WHERE own.space_id = {space_id} AND own.photo_id = ANY(%(photo_ids)s)
   AND -near.distance >= %(least_cosine)s
 GROUP BY photo.id
