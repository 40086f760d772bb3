package measure_test

import (
	"fmt"

	"parley/store/storetest"
)

// crowd returns the statements that make conversations of the year 2026 and their figures. There are ten accounts
// (100 to 109), three teams (1 to 3), fifty agents (0 to 49), thirty tags (tag0 to tag29) and one intent (refund).
// One of a thousand conversations is open, and a customer waits in every second of these.
func crowd(conversations int) []string {
	return []string{
		fmt.Sprintf(`
			INSERT INTO conversations (id, account_id, team_id, status, last_at, created_at, waiting_since)
			SELECT n, 100 + n %% 10, 1 + n %% 3, CASE WHEN n %% 1000 = 0 THEN 'open' ELSE 'resolved' END, now(), now(),
				CASE WHEN n %% 2000 = 0 THEN now() END
			FROM generate_series(1, %d) AS n`, conversations),
		`
			INSERT INTO measure_shares (conversation_id, day, team_id, agent_id, account_id, opened, reopened, resolved, abandoned,
				messages_in, messages_out, first_count, first_sum, first_sum_open, first_worst, first_worst_open,
				ended_sum, ended_sum_open, ended_worst, ended_worst_open)
			SELECT id, '2026-01-01'::date + (id % 365)::int, team_id, id % 50, account_id, 1, 0, 1, 0,
				1, 1, 1, id % 9973, id % 997, id % 9973, id % 997,
				id % 99991, id % 9991, id % 99991, id % 9991
			FROM conversations`,
		`
			INSERT INTO measure_labels (conversation_id, tags, intent, mood)
			SELECT id, ARRAY['tag' || id % 30], 'refund', ''
			FROM conversations`,
		sumSharesOfDays("all", "''"),
		sumSharesOfDays("agent", "s.agent_id::text"),
		sumSharesOfDays("tag", "l.tags[1]"),
		sumSharesOfDays("intent", "l.intent"),
		storetest.Spans(),
		`
			INSERT INTO measure_times (conversation_id, tags, intent, mood, times)
			SELECT id, ARRAY['tag'], 'refund', '', ARRAY['2026-03-02 101 2 7 first 60 60']
			FROM conversations`,
		storetest.Spreads(),
		fmt.Sprintf(`
			INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at)
			SELECT n, n, 'in', 'in', now(), now()
			FROM generate_series(1, %d) AS n`, conversations),
		fmt.Sprintf(`
			INSERT INTO log_entries (id, conversation_id, at, actor, what)
			SELECT n, n, now(), 'customer', 'opened'
			FROM generate_series(1, %d) AS n`, conversations),
	}
}

// sumSharesOfDays returns the statement that makes the sums of days of one kind. The shares (s) and labels (l) are
// summed up by value, which is a column or a text.
func sumSharesOfDays(kind, value string) string {
	return fmt.Sprintf(`
		INSERT INTO measure_days (kind, day, value, account_id, team_id, opened, reopened, resolved, abandoned, messages_in,
			messages_out, first_count, first_sum, first_sum_open, first_worst, first_worst_open, next_count, next_sum,
			next_sum_open, next_worst, next_worst_open, ended_sum, ended_sum_open, ended_worst, ended_worst_open)
		SELECT '%s', s.day, %s, s.account_id, s.team_id, sum(opened), 0, sum(resolved), 0, sum(messages_in),
			sum(messages_out), sum(first_count), sum(first_sum), sum(first_sum_open), max(first_worst), max(first_worst_open), 0, 0,
			0, 0, 0, sum(ended_sum), sum(ended_sum_open), max(ended_worst), max(ended_worst_open)
		FROM measure_shares AS s
		JOIN measure_labels AS l ON l.conversation_id = s.conversation_id
		GROUP BY 1, 2, 3, 4, 5`, kind, value)
}
