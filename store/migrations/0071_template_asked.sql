-- +goose Up

-- With which of its versions the provider was last asked to make this template, and under which name, while it had none of that name:
-- whatever has the name later was made by that, though the answer may be lost. 0 = never: a template of that name is somebody else's.
-- A version before this one leaves both as they are, also when it gives the template another name.
ALTER TABLE templates
	ADD COLUMN IF NOT EXISTS asked_version int NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS asked_name text NOT NULL DEFAULT '';

-- What the version before tried to hand in may have been made.
UPDATE templates SET asked_version = version, asked_name = provider_name WHERE todo = 'submit' AND external_id = '' AND tries > 0;
