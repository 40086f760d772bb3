package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/measuring"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/verb"
	"parley/store/measure"
)

func timelineVerb() useCase {
	return useCase{
		Rules:      verb.Rules{Name: bridge.VerbTimeline, IsQuestion: true},
		DoAnywhere: answerBy(aboutConversation((*work).showTimeline)),
	}
}

// showTimeline shows on whom each minute of a conversation depended, as far as that is stored.
func (w *work) showTimeline(ctx context.Context, tx pgx.Tx, r book.Request, line *bridge.Line) error {
	ids := []bridge.ConversationID{r.Conversation.ID}
	log, err := measure.LogEntries(ctx, tx, ids, measuring.TimelineDeeds())
	if err != nil {
		return err
	}

	said, err := measure.Messages(ctx, tx, ids)
	if err != nil {
		return err
	}

	messages := make([]bridge.MessageID, len(said))
	for i := range said {
		messages[i] = said[i].ID
	}

	left, err := measure.LeftAt(ctx, tx, messages, outbound.KindReply)
	if err != nil {
		return err
	}

	h := w.Dir.Hours[r.Conversation.AccountID]
	t := measuring.Attribute(log, said, left, h, w.Now)
	timeline := &bridge.TimelineLine{Wall: t.Wall, Open: t.Open, Hours: h != nil}
	for _, p := range t.Parts {
		spent := bridge.TimeSpent{On: p.Waiter, Wall: p.Wall, Open: p.Open}
		if p.Agent != 0 {
			spent.By = w.Dir.Ref(r.Surface, p.Agent)
		}
		timeline.Parts = append(timeline.Parts, spent)
	}

	line.Content = timeline
	return nil
}
