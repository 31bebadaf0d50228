-- Purpose: titles of listed photos that have what is being typed, for suggestions.
-- Parameters: words (tsquery, its last word a prefix), in_title (the same, marked as of the title),
--   typed (lower case), candidates (documents that are looked at), depth.
-- Columns: title; those that start with what is typed first, then the newest, ties by title.
-- Index served: document_tokens (GIN on tsv). It keeps no marks: titles are told apart outside, so
--   that a word of many descriptions costs no more than its candidates.
WITH candidate AS MATERIALIZED (
    SELECT photo_id, tsv
      FROM search_photodocument
     WHERE listed AND tsv @@ %(words)s::tsquery
     LIMIT %(candidates)s
)
SELECT photo.title
  FROM candidate JOIN gallery_photo AS photo ON photo.id = candidate.photo_id
 WHERE photo.listed AND candidate.tsv @@ %(in_title)s::tsquery
 GROUP BY photo.title
 ORDER BY starts_with(lower(photo.title), %(typed)s) DESC, max(photo.published_at) DESC, photo.title
 LIMIT %(depth)s
