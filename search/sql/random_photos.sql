-- Purpose: listed photos drawn without bias, at a cost that does not grow with the gallery.
-- Parameters: starts (float[], uniform in [-width, 1)), width of one window of random keys.
-- Columns: photo_id; every photo is as likely to be in a window as any other.
-- Index served: photo_listed_random.
SELECT DISTINCT photo.id
  FROM unnest(%(starts)s::float8[]) AS start
 CROSS JOIN LATERAL (
    SELECT id FROM gallery_photo
     WHERE listed AND random_key >= start AND random_key < start + %(width)s
 ) AS photo
