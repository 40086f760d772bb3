-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Old reactions go: ids of their lines rise with time.
DROP INDEX IF EXISTS reactions_delivery;
CREATE INDEX CONCURRENTLY reactions_delivery ON reactions (delivery_id);
