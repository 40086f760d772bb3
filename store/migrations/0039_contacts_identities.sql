-- +goose NO TRANSACTION
-- +goose Up

-- Can be repeated, like 0002. The addresses of a contact, for the page that finds whom to erase or export.
DROP INDEX CONCURRENTLY IF EXISTS identities_contact;
CREATE INDEX CONCURRENTLY identities_contact ON identities (contact_id);
