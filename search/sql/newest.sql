-- Purpose: the newest of the photos that filters, phrases and exclusions leave.
-- Parameters: depth, those of {allowed}, a condition on the row called photo.
-- Columns: photo_id; newest first, ties by id.
-- Index served: photo_listed_newest, or those that serve {allowed}.
SELECT photo.id AS photo_id
  FROM gallery_photo AS photo
 WHERE {allowed}
 ORDER BY photo.published_at DESC, photo.id DESC
 LIMIT %(depth)s
