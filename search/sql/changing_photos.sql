-- Purpose: a few listed photos that change with a seed: some featured ones, the others unbiased.
-- Parameters, in this order (it is part of a Django query): how many featured ones to draw from;
-- float[], in [0, 1), places of windows of random keys; the seed; how many featured ones at most;
-- how many in all.
-- Columns: id. How wide a window is follows the number of documents: about one photo each. While
-- photos wait for the index, windows are too wide, and the LIMIT in them bounds the cost.
-- Indexes served: photo_listed_featured, photo_listed_random.
WITH window_of AS (
    SELECT 1.0 / greatest(coalesce((SELECT max(documents) FROM search_corpusstatistics), 0), 1)
           AS width
), offered AS (
    (SELECT id, TRUE AS is_featured FROM gallery_photo
      WHERE listed AND featured ORDER BY published_at DESC, id DESC LIMIT %s)
     UNION ALL
    SELECT photo.id, FALSE
      FROM window_of
     CROSS JOIN unnest(%s::float8[]) AS place
     CROSS JOIN LATERAL (SELECT place * (1 + width) - width AS start) AS from_here
     CROSS JOIN LATERAL (
        SELECT id FROM gallery_photo
         WHERE listed AND random_key >= start AND random_key < start + width
         ORDER BY random_key LIMIT 20
     ) AS photo
), placed AS (
    SELECT id, bool_or(is_featured) AS is_featured,
           row_number() OVER (
               PARTITION BY bool_or(is_featured) ORDER BY md5(id::text || %s), id
           ) AS place
      FROM offered GROUP BY id
)
SELECT id FROM placed
 ORDER BY is_featured AND place <= %s DESC, is_featured, place
 LIMIT %s
