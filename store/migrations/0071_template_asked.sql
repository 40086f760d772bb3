-- +goose Up

-- With which of its versions the provider was last asked to make this template, while it had none of that name: whatever has the name
-- later was made by that, though the answer may be lost. 0 = never: a template of that name is somebody else's. A version before
-- this one leaves it as it is.
ALTER TABLE templates ADD COLUMN IF NOT EXISTS asked_version int NOT NULL DEFAULT 0;
