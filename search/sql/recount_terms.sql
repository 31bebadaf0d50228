-- Purpose: document frequencies counted anew from the documents, and which terms are words that
--   somebody wrote, for rebuild_search.
-- Parameters: none. The text of a sparsevec is {index:weight,...}/dimensions, its indexes are term
--   ids + 1. In a tsvector, words are marked with weights (search.documents).
-- Columns: none; search_term is updated.
WITH counted AS (
    SELECT split_part(entry, ':', 1)::bigint - 1 AS term_id, count(*) AS documents
      FROM search_photodocument,
           string_to_table(trim('{}' FROM split_part(weights::text, '/', 1)), ',') AS entry
     WHERE entry <> ''
     GROUP BY 1
), written AS (
    SELECT word AS text
      FROM ts_stat('SELECT tsv FROM search_photodocument', 'ab')
)
UPDATE search_term AS term
   SET document_frequency = coalesce(counted.documents, 0),
       is_word = written.text IS NOT NULL
  FROM search_term AS every
  LEFT JOIN counted ON counted.term_id = every.id
  LEFT JOIN written ON written.text = every.text
 WHERE term.id = every.id
   AND (term.document_frequency, term.is_word)
       IS DISTINCT FROM (coalesce(counted.documents, 0), written.text IS NOT NULL)
