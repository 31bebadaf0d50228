-- Purpose: the names that listed photos have, each with how many of them have it.
-- Parameters: most (names of each kind), those of {among}, a condition on gallery_photo.
-- Columns: kind, name, photos; the commonest first, ties by name.
-- Index served: the primary key, where {among} names ids; else the table is read once.
WITH found AS MATERIALIZED (
    SELECT id, owner_id, camera, lens, public_place, colours FROM gallery_photo WHERE listed AND {among}
), named AS (
    SELECT 'camera' AS kind, camera AS name FROM found
     UNION ALL SELECT 'lens', lens FROM found
     UNION ALL SELECT 'place', public_place FROM found
     UNION ALL SELECT 'colour', unnest(colours) FROM found
     UNION ALL
    SELECT 'photographer', owner.name
      FROM found JOIN gallery_photographer AS owner ON owner.id = found.owner_id
     UNION ALL
    SELECT 'tag', tag.name
      FROM found JOIN gallery_photo_tags AS tagged ON tagged.photo_id = found.id
      JOIN gallery_tag AS tag ON tag.id = tagged.tag_id
     UNION ALL
    SELECT 'album', album.title
      FROM found JOIN gallery_albumphoto AS entry ON entry.photo_id = found.id
      JOIN gallery_album AS album ON album.id = entry.album_id AND album.visibility = 'public'
), counted AS (
    SELECT kind, name, count(*) AS photos,
           row_number() OVER (PARTITION BY kind ORDER BY count(*) DESC, name) AS place
      FROM named WHERE name <> '' GROUP BY kind, name
)
SELECT kind, name, photos FROM counted WHERE place <= %(most)s ORDER BY kind, place
