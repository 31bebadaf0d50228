-- Purpose: lease the oldest photos whose vectors may be out of date and that nobody holds. Each
--   further attempt holds its lease twice as long.
-- Parameters: lease, max_lease (intervals), limit.
-- Columns: photo_id.
-- Index served: photo_due_for_vectors. Photos that are being deleted are skipped; not those that
--   are being indexed, whose nudge would be spent.
WITH due AS (
    SELECT photo.id
      FROM gallery_photo AS photo
     WHERE photo.state = 'ready'
       AND (photo.embedded_at IS NULL OR photo.embedded_at < photo.changed_at)
       AND NOT EXISTS (
           SELECT FROM embeddings_encodingclaim AS claim
            WHERE claim.photo_id = photo.id AND claim.claimed_until >= now())
     ORDER BY photo.created_at, photo.id
     LIMIT %(limit)s
       FOR KEY SHARE SKIP LOCKED
)
INSERT INTO embeddings_encodingclaim AS held (photo_id, claimed_until, attempts, failure)
SELECT id, now() + %(lease)s, 1, ''
  FROM due
 ORDER BY id
    ON CONFLICT (photo_id) DO UPDATE
   SET attempts = held.attempts + 1,
       failure = '',
       claimed_until = now()
           + least(%(lease)s * power(2, least(held.attempts, 20)), %(max_lease)s)
 WHERE held.claimed_until < now()
RETURNING photo_id
