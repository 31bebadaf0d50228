-- Purpose: the names that listed photos have, each with how many of them have it.
-- Parameters: most (names of each kind), those of {among}, a condition on gallery_photo.
-- Columns: kind, name, photos; the commonest first, ties by name.
-- Index served: the primary key, where {among} names ids; else the table is read once.
WITH found AS MATERIALIZED (
    SELECT id, owner_id, camera, lens, public_place, colours FROM gallery_photo WHERE listed AND {among}
), counted AS (
    (SELECT 'camera' AS kind, camera AS name, count(*) AS photos
       FROM found WHERE camera > '' GROUP BY camera ORDER BY photos DESC, name LIMIT %(most)s)
     UNION ALL
    (SELECT 'lens', lens, count(*) AS photos
       FROM found WHERE lens > '' GROUP BY lens ORDER BY photos DESC, lens LIMIT %(most)s)
     UNION ALL
    (SELECT 'place', public_place, count(*) AS photos
       FROM found WHERE public_place > ''
      GROUP BY public_place ORDER BY photos DESC, public_place LIMIT %(most)s)
     UNION ALL
    (SELECT 'colour', colour, count(*) AS photos
       FROM found CROSS JOIN unnest(colours) AS colour GROUP BY colour)
     UNION ALL
    -- Counted by their keys: names are looked up of those that are kept.
    (SELECT 'photographer', owner.name, owned.photos
       FROM (SELECT owner_id, count(*) AS photos FROM found
              GROUP BY owner_id ORDER BY photos DESC, owner_id LIMIT %(most)s) AS owned
       JOIN gallery_photographer AS owner ON owner.id = owned.owner_id)
     UNION ALL
    (SELECT 'tag', tag.name, used.photos
       FROM (SELECT tag_id, count(*) AS photos
               FROM found JOIN gallery_photo_tags AS tagged ON tagged.photo_id = found.id
              GROUP BY tag_id ORDER BY photos DESC, tag_id LIMIT %(most)s) AS used
       JOIN gallery_tag AS tag ON tag.id = used.tag_id)
     UNION ALL
    (SELECT 'album', album.title, holding.photos
       FROM (SELECT album_id, count(*) AS photos
               FROM found JOIN gallery_albumphoto AS entry ON entry.photo_id = found.id
               JOIN gallery_album ON gallery_album.id = album_id AND visibility = 'public'
              GROUP BY album_id ORDER BY photos DESC, album_id LIMIT %(most)s) AS holding
       JOIN gallery_album AS album ON album.id = holding.album_id)
)
SELECT kind, name, photos FROM counted WHERE name > '' ORDER BY kind, photos DESC, name
