-- Purpose: the documents of the photos that a phrase, exclusion or filter leaves.
-- Parameters: those of {allowed}, a condition on photo_id.
-- Columns: their numbers as int4send writes them, their photos' ids of 16 bytes each in the same
--   order, and nothing; null if there is none.
-- Index served: document_numbers, which holds all that is read.
SELECT string_agg(int4send(number), ''), string_agg(uuid_send(photo_id), ''), NULL::bytea
  FROM search_photodocument
 WHERE listed AND {allowed}
