package engine

import (
	"context"
	"time"

	"parley/bridge"
	"parley/store"
)

// maxBoardRows is how many conversations each list of a board names.
const maxBoardRows = 5

// Board returns what presses in a channel of a chat. It shows what everybody there may read: conversations whose thread is in the
// channel, and that aren't visible to some people only.
func (rd *ReadingReader) Board(ctx context.Context, q store.Querier, surface store.AccountID, channel string) (*bridge.BoardLine, error) {
	now, err := store.Now(ctx, q)
	if err != nil {
		return nil, err
	}
	dir := rd.Directory()
	zone := dir.Zone(nil, 0)
	local := now.In(zone)
	tomorrow := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, zone)
	in := store.Filter{Surface: surface, Channel: channel}
	urgent, late, waking := in, in, in
	urgent.Urgent, late.Late, waking.Status, waking.Wakes = true, true, string(bridge.StatusSnoozed), tomorrow
	lists := []store.ListQuery{
		{List: store.ListAll, Filter: urgent}, {List: store.ListUnassigned, Filter: in, Sort: store.SortWaiting},
		{List: store.ListAll, Filter: late, Sort: store.SortWaiting}, {List: store.ListAll, Filter: waking},
	}
	counts, err := store.CountLists(ctx, q, store.Reader{}, lists)
	if err != nil {
		return nil, err
	}

	board := &bridge.BoardLine{Zone: zone.String()}
	if t := dir.TeamOfChannel(surface, channel); t != nil {
		board.Team = t.Name
	}
	for i, name := range []string{"Urgent", "Unassigned", "Overdue", "Waking today"} {
		part := bridge.BoardList{Name: name, Count: counts[i].Count}
		lists[i].Limit = maxBoardRows
		ids, _, err := store.ListConversations(ctx, q, store.Reader{}, lists[i])
		if err != nil {
			return nil, err
		}
		facts, err := rd.Facts(ctx, q, surface, nil, ids...)
		if err != nil {
			return nil, err
		}
		for _, f := range facts {
			if f.Thread.Root.Channel != channel { // it has moved on
				part.Count--
				continue
			}
			part.Rows = append(part.Rows, bridge.Facts{
				ID: f.ID, Status: f.Status, Subject: f.Subject, Contact: f.Contact, Traits: nameOf(f.Traits), Thread: f.Thread,
				Account: bridge.Account{ChannelIcon: f.ChannelIcon},
				Times:   bridge.Times{WaitingSince: f.WaitingSince, FreeSince: f.FreeSince, SnoozedUntil: f.SnoozedUntil},
			})
		}
		board.Lists = append(board.Lists, part)
	}
	return board, nil
}

// nameOf returns the name that an agent gave a conversation, as the only trait.
func nameOf(traits map[string]string) map[string]string {
	if name := traits[bridge.TraitName]; name != "" {
		return map[string]string{bridge.TraitName: name}
	}
	return nil
}
