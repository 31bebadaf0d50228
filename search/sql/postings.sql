-- Purpose: the postings of a query's words in all their forms.
-- Parameters: forms (text[]).
-- Columns: text, document_frequency, postings (packed, see search.postings, by number); forms that
--   no document holds are left out.
-- Index served: the unique text of terms, the primary key (term, block).
SELECT term.text, term.document_frequency, found.postings
  FROM search_term AS term
 CROSS JOIN LATERAL (
    SELECT string_agg(postings, '' ORDER BY block) AS postings
      FROM search_postingblock
     WHERE term_id = term.id
 ) AS found
 WHERE term.text = ANY(%(forms)s) AND term.document_frequency > 0 AND found.postings IS NOT NULL
