package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/store"
	"parley/store/measure"
)

// pastConversations is how many conversations the demo begins with.
const pastConversations = 40

// pastTopic is a template for conversations: a subject, a customer's question and an agent's answer.
type pastTopic struct {
	subject, asked, answered string
	intent, tag              string
	mood                     string // "" means neutral
}

func pastTopics() []pastTopic {
	return []pastTopic{
		{intent: "order_status", tag: "Support",
			subject: "Where is my parcel?", asked: "I ordered a week ago. Where is it?", answered: "It left our workshop yesterday."},
		{intent: "problem", tag: "Complaint", mood: "negative",
			subject: "Two mugs arrived broken", asked: "Two of six are chipped.", answered: "I am sorry! New ones leave today."},
		{intent: "billing", tag: "Billing",
			subject: "Invoice", asked: "Could you send me the invoice again?", answered: "Of course, it is attached."},
		{intent: "billing", tag: "Billing Issue", mood: "frustrated",
			subject: "Charged twice", asked: "My card was charged twice for one order.", answered: "You are right. The second one goes back today."},
		{intent: "product", tag: "Product Question",
			subject: "Do you have it in green?", asked: "Is the large teapot there in green?", answered: "From next month on."},
		{intent: "quote", tag: "Sales",
			subject: "A set for our café", asked: "What would forty cups cost?", answered: "I have put an offer together."},
		{intent: "account", tag: "Technical Issue", mood: "negative",
			subject: "I can't sign in", asked: "Your shop doesn't take my password.", answered: "Please try the link that we just sent."},
		{intent: "feedback", mood: "positive",
			subject: "Thank you!", asked: "The bowl is even more beautiful than on the picture.", answered: "That makes our day, thank you!"},
	}
}

func pastNames() []string {
	return []string{"Amira Almeida", "Bruno Becker", "Chloé Costa", "Deniz Dubois", "Elif Eriksen", "Farid Fischer", "Greta García",
		"Hugo Haddad", "Ines Ivanov", "Jakub Jansen", "Kofi Kowalska", "Lena Moreau", "Mateo Novak"}
}

// past is the history of the demo's company: conversations of the last four weeks that were answered and resolved. It gives
// the dashboard of Parley's settings site something to show. For example, a customer asked "Where is my parcel?" on a Tuesday
// at 10:14, and an agent took the conversation, answered and resolved it the same day. These conversations have no threads in
// Slack or Teams, because the emulated chats begin empty.
type past struct {
	ids      *store.IDs
	team     store.TeamID
	accounts []store.AccountID // repeated ones are more likely
	agents   []store.AgentID

	people        []store.Identity
	conversations []*pastConversation
}

// writePast inserts the history into the database, as Parley would have written it, and schedules its statistics.
func writePast(ctx context.Context, pool *pgxpool.Pool, now time.Time) error {
	return store.InTx(ctx, pool, func(tx pgx.Tx) error {
		p := &past{ids: &store.IDs{}}
		if err := p.lookUp(ctx, tx); err != nil {
			return err
		}
		today := now.UTC().Truncate(oneDay)
		for i := range pastConversations {
			p.writeConversation(today, i)
		}
		return p.insertAll(ctx, tx)
	})
}

const (
	idsEach = 12 // an upper bound of the ids that a conversation needs

	oneDay  = 24 * time.Hour
	opensAt = 8 * time.Hour // UTC

	answeredWithin = 20 * time.Minute // that of the quickest; others take up to six times as long
	spread         = 6
	resolvedWithin = 50 * time.Minute
	askAgainEvery  = 3 // one in this many customers asks again
)

func (p *past) lookUp(ctx context.Context, tx pgx.Tx) error {
	const read = `
		SELECT (SELECT id FROM teams WHERE name = 'Support'),
			ARRAY(SELECT id FROM agents WHERE presence = '' ORDER BY email),
			ARRAY(SELECT a.id FROM unnest(ARRAY['support-mail', 'support-mail', 'support-mail', 'wa', 'wa', 'page']) AS n(name)
				JOIN accounts AS a USING (name) ORDER BY a.id)`
	if err := tx.QueryRow(ctx, read).Scan(&p.team, &p.agents, &p.accounts); err != nil {
		return fmt.Errorf("demo: past: %w", err)
	}
	return p.ids.Ensure(ctx, tx, pastConversations*idsEach)
}

// writeConversation adds conversation number i, which was resolved on the day on which it began. Three begin every two days.
func (p *past) writeConversation(today time.Time, i int) {
	topics := pastTopics()
	topic, agent := topics[i%len(topics)], p.agents[i/2%len(p.agents)]
	at := today.Add(-oneDay * time.Duration(1+i*2/3)).Add(opensAt + time.Duration(i*97%240)*time.Minute)
	who := p.makePerson(p.accounts[i%len(p.accounts)], i)
	c := &pastConversation{past: p, agent: agent, Conversation: store.Conversation{
		AccountID:         who.AccountID,
		IdentityID:        &who.ID,
		TeamID:            &p.team,
		Kind:              store.KindCustomer,
		Status:            "resolved",
		Subject:           topic.subject,
		Assignees:         []store.AgentID{agent},
		ConversationTimes: store.ConversationTimes{CreatedAt: at},
		Traits:            map[string]string{bridge.TraitIntent: topic.intent},
	}}
	if topic.tag != "" {
		c.Tags = []string{topic.tag}
	}
	if topic.mood != "" {
		c.Traits[bridge.TraitSentiment] = topic.mood
	}

	c.logDeed(at, 0, store.DeedOpened, nil)
	c.addQuestion(at, who.ID, topic.asked)
	slowness := time.Duration(1 + i%spread)
	t := at.Add(slowness * answeredWithin)
	c.logDeed(t, agent, store.DeedTook, nil)
	c.addAnswer(t, topic.answered)
	if i%askAgainEvery == 0 {
		c.addQuestion(t.Add(answeredWithin), who.ID, "Thank you. And how long does that take?")
		t = t.Add(2 * answeredWithin)
		c.addAnswer(t, "Two or three days.")
	}

	t = t.Add(slowness * resolvedWithin)
	c.logDeed(t, agent, store.DeedResolved, nil)
	c.LastAt, c.ResolvedAt = t, &t
	p.people = append(p.people, who)
	p.conversations = append(p.conversations, c)
}

func (p *past) makePerson(account store.AccountID, i int) store.Identity {
	names := pastNames()
	name := names[i%len(names)]
	id := p.ids.Next()
	return store.Identity{
		ID:        store.IdentityID(id),
		AccountID: account,
		Key:       fmt.Sprintf("%s.%d@past.test", strings.ToLower(strings.Fields(name)[0]), id),
		Name:      name,
		ContactID: store.ContactID(p.ids.Next()),
	}
}

// pastConversation is a generated conversation. insertAll assigns its number.
type pastConversation struct {
	store.Conversation

	past     *past
	agent    store.AgentID
	messages []store.Message
	log      []store.LogEntry
}

func (c *pastConversation) logDeed(at time.Time, agent store.AgentID, what store.Deed, detail map[string]any) {
	e := store.LogEntry{ID: c.past.ids.Next(), At: at, Actor: store.ByCustomer, What: what, Detail: json.RawMessage("{}")}
	if agent != 0 {
		e.AgentID, e.Actor = &agent, store.ByAgent
	}
	if detail != nil {
		e.Detail, _ = json.Marshal(detail) // can't fail: a map of numbers
	}
	c.log = append(c.log, e)
}

func (c *pastConversation) addQuestion(at time.Time, who store.IdentityID, text string) {
	c.messages = append(c.messages, store.Message{
		ID:            store.MessageID(c.past.ids.Next()),
		Direction:     store.DirectionIn,
		Fate:          store.FateIn,
		MessageAuthor: store.MessageAuthor{IdentityID: &who},
		MessagePlace:  store.MessagePlace{AccountID: c.AccountID},
		Subject:       c.Subject,
		Text:          text,
		SaidAt:        at,
		CreatedAt:     at,
	})
	c.LastFrom, c.LastPreview = store.FromCustomer, text
}

func (c *pastConversation) addAnswer(at time.Time, text string) {
	m := store.Message{
		ID:            store.MessageID(c.past.ids.Next()),
		Direction:     store.DirectionOut,
		Fate:          store.FateOut,
		MessageAuthor: store.MessageAuthor{AgentID: &c.agent},
		MessagePlace:  store.MessagePlace{AccountID: c.AccountID},
		Text:          text,
		SaidAt:        at,
		CreatedAt:     at,
	}
	c.messages = append(c.messages, m)
	c.logDeed(at, c.agent, store.DeedReplied, map[string]any{"message": m.ID})
}

const insertPastPeople = `
	INSERT INTO identities (id, account_id, key, name, contact_id)
	SELECT id, account_id, key, name, contact_id FROM json_populate_recordset(NULL::identities, $1)`

// insertAll inserts all conversations, numbered in the order in which they began, and schedules their statistics.
func (p *past) insertAll(ctx context.Context, tx pgx.Tx) error {
	slices.SortStableFunc(p.conversations, func(a, b *pastConversation) int { return a.CreatedAt.Compare(b.CreatedAt) })
	numbers, err := store.ConversationNumbers(ctx, tx, len(p.conversations))
	if err != nil {
		return err
	}

	var conversations []store.Conversation
	var messages []store.Message
	var log []store.LogEntry
	for i, c := range p.conversations {
		c.ID = numbers[i]
		for k := range c.messages {
			c.messages[k].ConversationID = c.ID
		}
		for k := range c.log {
			c.log[k].ConversationID = c.ID
		}

		conversations = append(conversations, c.Conversation)
		messages = append(messages, c.messages...)
		log = append(log, c.log...)
	}

	people, err := json.Marshal(p.people)
	if err != nil {
		return fmt.Errorf("demo: past: %w", err)
	}
	if err := store.InsertContacts(ctx, tx, p.people); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertPastPeople, string(people)); err != nil {
		return fmt.Errorf("demo: past: %w", err)
	}

	return errors.Join(
		store.InsertConversations(ctx, tx, conversations),
		store.InsertMessages(ctx, tx, messages),
		store.InsertLog(ctx, tx, log),
		measure.Due(ctx, tx, numbers))
}
