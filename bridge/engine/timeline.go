package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/measuring"
	"parley/bridge/engine/outbound"
	"parley/store/measure"
)

// timelineOf makes the content of a line that shows on whom each minute of a conversation depended, as far as that is stored.
func (w *work) timelineOf(ctx context.Context, tx pgx.Tx, r book.Request) (*bridge.TimelineLine, error) {
	ids := []bridge.ConversationID{r.Conversation.ID}
	log, err := measure.LogEntries(ctx, tx, ids, measuring.TimelineDeeds())
	if err != nil {
		return nil, err
	}

	said, err := measure.Messages(ctx, tx, ids)
	if err != nil {
		return nil, err
	}

	messages := make([]bridge.MessageID, len(said))
	for i := range said {
		messages[i] = said[i].ID
	}

	left, err := measure.LeftAt(ctx, tx, messages, outbound.KindReply)
	if err != nil {
		return nil, err
	}

	h := w.Dir.Hours[r.Conversation.AccountID]
	t := measuring.Attribute(log, said, left, h, w.Now)
	line := &bridge.TimelineLine{Wall: t.Wall, Open: t.Open, Hours: h != nil}
	for _, p := range t.Parts {
		spent := bridge.TimeSpent{On: p.Waiter, Wall: p.Wall, Open: p.Open}
		if p.Agent != 0 {
			spent.By = w.Dir.Ref(r.Surface, p.Agent)
		}
		line.Parts = append(line.Parts, spent)
	}

	return line, nil
}
