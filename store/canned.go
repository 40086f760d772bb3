package store

import (
	"context"
	"slices"
	"strings"

	"parley/store/internal/query"
)

// Canned is a canned reply: a text, perhaps with variables such as {{first_name}}, with which agents begin a reply.
type Canned struct {
	Keyword string `json:"keyword"`
	Topic   string `json:"topic,omitempty"` // groups them; "" means none
	Text    string `json:"text"`            // Markdown
}

// FindCanned returns the index of a keyword, whatever its case, or -1.
func FindCanned(list []Canned, keyword string) int {
	return slices.IndexFunc(list, func(c Canned) bool { return strings.EqualFold(c.Keyword, keyword) })
}

const setCanned = `UPDATE settings SET canned = $1`

// SetCanned stores the canned replies for all. The caller bumps the settings.
func SetCanned(ctx context.Context, q Execer, list []Canned) error {
	return query.Exec(ctx, q, "canned replies", setCanned, orEmpty(list))
}

const ownCanned = `SELECT canned FROM agents WHERE id = $1`

// OwnCanned returns an agent's own canned replies.
func OwnCanned(ctx context.Context, q Querier, agent AgentID) ([]Canned, error) {
	return query.Value[[]Canned](ctx, q, "canned replies", ownCanned, agent)
}

const changeOwnCanned = `
	UPDATE agents SET canned = jsonb_path_query_array(canned, '$[*] ? (@.keyword != $was)', jsonb_build_object('was', $2::text)) || $3::jsonb
	WHERE id = $1`

// ChangeOwnCanned replaces the canned reply of a keyword among an agent's own by others, and appends these if there is none.
func ChangeOwnCanned(ctx context.Context, q Execer, agent AgentID, was string, now ...Canned) error {
	return query.Exec(ctx, q, "canned replies", changeOwnCanned, agent, was, orEmpty(now))
}
