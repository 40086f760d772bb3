-- +goose Up

-- The names that events wait for are compared byte by byte, whatever the database's language: ranges of them
-- ('post:' up to 'post;') hold other names, or none, where punctuation sorts by a language's rules. Only the index
-- of this small table is made anew.
ALTER TABLE queues ALTER COLUMN waits_for TYPE text COLLATE "C";
