package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store/measure"
)

func timelineVerb() useCase {
	return useCase{
		Rules:      Rules{Name: bridge.VerbTimeline, IsQuestion: true},
		DoAnywhere: answerBy(aboutConversation((*work).showTimeline)),
	}
}

// showTimeline answers the command "!timeline": it shows how long the conversation waited for the queue, for each agent, for the
// customer, and for providers, from its beginning until its end or now. Log entries and messages that the retention rules have removed
// don't count.
func (w *work) showTimeline(ctx context.Context, tx pgx.Tx, r Request, line *bridge.Line) error {
	ids := []bridge.ConversationID{r.Conversation.ID}
	log, err := measure.LogEntries(ctx, tx, ids, TimelineDeeds())
	if err != nil {
		return err
	}

	messages, err := measure.Messages(ctx, tx, ids)
	if err != nil {
		return err
	}

	messageIDs := make([]bridge.MessageID, len(messages))
	for i := range messages {
		messageIDs[i] = messages[i].ID
	}
	leftAt, err := measure.LeftAt(ctx, tx, messageIDs, KindReply)
	if err != nil {
		return err
	}

	hours := w.Dir.Hours[r.Conversation.AccountID] // nil if the account has no business hours
	timeline := Attribute(log, messages, leftAt, hours, w.Now)
	content := &bridge.TimelineLine{Wall: timeline.Wall, Open: timeline.Open, Hours: hours != nil}
	for _, part := range timeline.Parts {
		spent := bridge.TimeSpent{On: part.Waiter, Wall: part.Wall, Open: part.Open}
		if part.Agent != 0 {
			spent.By = w.Dir.Ref(r.Surface, part.Agent)
		}
		content.Parts = append(content.Parts, spent)
	}
	line.Content = content
	return nil
}
