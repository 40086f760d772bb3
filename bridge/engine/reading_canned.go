package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Canned returns an agent's own canned replies and those for all, sorted by topic. One of the agent's own takes the place of one for all
// with the same keyword. In a conversation, of which f has the facts, variables with a known value are filled in.
func (rd *ReadingReader) Canned(ctx context.Context, q store.Querier, agent *store.Agent, f bridge.Facts) ([]bridge.Canned, error) {
	if agent == nil {
		return nil, nil
	}
	own, err := store.OwnCanned(ctx, q, agent.ID)
	if err != nil {
		return nil, err
	}
	dir := rd.Directory()
	known := map[string]string{}
	if f.ID != 0 {
		known = KnownValues(f, dir.Company)
	}

	var list []bridge.Canned
	for i, c := range slices.Concat(own, dir.Canned) {
		if isOwn := i < len(own); isOwn || store.FindCanned(own, c.Keyword) < 0 {
			text := channels.TemplateUse{Template: channels.Template{Body: c.Text}, Values: known}.Words()
			list = append(list, bridge.Canned{Keyword: c.Keyword, Topic: c.Topic, Text: text, Own: isOwn})
		}
	}
	slices.SortStableFunc(list, func(a, b bridge.Canned) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Topic), strings.ToLower(b.Topic)), strings.Compare(a.Keyword, b.Keyword))
	})
	return list, nil
}
