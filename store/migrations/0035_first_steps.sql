-- +goose Up

-- What signs Parley in to the chats of agents, where the environment doesn't say it. The secrets are sealed; a row of
-- a chat that the environment names counts for nothing.
CREATE TABLE IF NOT EXISTS chat_credentials (
	kind text PRIMARY KEY,                -- slack, teams
	home text NOT NULL,                   -- the id of the workspace or organisation to which they belong
	sealed bytea NOT NULL,                -- tokens and passwords
	author text NOT NULL,                 -- the e-mail address of who gave them
	at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Whether whoever is in a team's channel becomes its agent: channel_members, or only who is listed.
ALTER TABLE teams ADD COLUMN IF NOT EXISTS agents text NOT NULL DEFAULT 'listed';

-- The channels whose members an admin has confirmed once. A team whose channel is another one is confirmed again.
CREATE TABLE IF NOT EXISTS team_rosters (
	team_id bigint NOT NULL REFERENCES teams ON DELETE CASCADE,
	kind text NOT NULL,                   -- of the chat: slack, teams
	channel text NOT NULL,
	PRIMARY KEY (team_id, kind)
);

-- The members of such channels about whom was decided, so that nobody who was left out or taken out comes back by
-- itself. They are users of the chat, never customers.
CREATE TABLE IF NOT EXISTS team_roster_users (
	team_id bigint NOT NULL REFERENCES teams ON DELETE CASCADE,
	kind text NOT NULL,
	user_id text NOT NULL,
	PRIMARY KEY (team_id, kind, user_id)
);
