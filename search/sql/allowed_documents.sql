-- Purpose: the documents of the few photos that a phrase, exclusion or filter leaves.
-- Parameters: those of {allowed}, which selects the photo_id of photos that are allowed.
-- Columns: one, their numbers as int4send writes them, in no order, or null.
-- Index served: the primary key of documents.
SELECT string_agg(int4send(document.number), '')
  FROM ({allowed}) AS allowed JOIN search_photodocument AS document USING (photo_id)
 WHERE document.listed
