-- Purpose: the newest of the photos that filters, phrases and exclusions leave.
-- Parameters: depth, those of {allowed}, which selects the photo_id of photos that are allowed.
-- Columns: photo_id; newest first, ties by id.
-- Index served: photo_listed_newest, or those that serve {allowed}.
SELECT photo_id
  FROM ({allowed}) AS allowed JOIN gallery_photo AS newest ON newest.id = allowed.photo_id
 WHERE newest.listed
 ORDER BY newest.published_at DESC, newest.id DESC
 LIMIT %(depth)s
