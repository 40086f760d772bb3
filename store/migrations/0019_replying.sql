-- +goose Up

-- Agents who have the form of a reply open: the conversation's card names them. A row goes when the form
-- is handed in or closed, or soon after its time. Times are Parley's clock.
CREATE TABLE IF NOT EXISTS replying (
	conversation_id bigint NOT NULL,
	agent_id bigint NOT NULL,
	opened_at timestamptz NOT NULL,
	until timestamptz NOT NULL,
	PRIMARY KEY (conversation_id, agent_id)
);
