-- Purpose: all photos that a phrase, exclusion or filter leaves, unless they are too many.
-- Parameters: most, those of {photos}, which selects their ids as photo_id.
-- Columns: photo_ids, null if there is none; no row if they are more than most.
-- Index served: those that serve {photos}.
SELECT array_agg(photo_id) AS photo_ids
  FROM ({photos} LIMIT %(most)s + 1) AS found
HAVING count(*) <= %(most)s
