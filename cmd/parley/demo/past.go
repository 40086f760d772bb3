package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/store"
	"parley/store/measure"
)

// pastDays is how many days of history the demo generates: a quarter of a year.
const pastDays = 91

// pastSeed seeds the random numbers. It is fixed, so that the history is always the same.
const pastSeed = 20817

// pastTopic is a template for conversations: a subject, a customer's question and an agent's answer.
type pastTopic struct {
	subject, asked, answered string
	intent, tag              string
	mood                     string // "" means neutral
	share                    int    // percentage of all conversations
}

func pastTopics() []pastTopic {
	return []pastTopic{
		{share: 26, intent: "order_status", tag: "Support",
			subject: "Where is my parcel?", asked: "I ordered a week ago. Where is it?", answered: "It left our workshop yesterday."},
		{share: 14, intent: "problem", tag: "Complaint", mood: "negative",
			subject: "Two mugs arrived broken", asked: "Two of six are chipped.", answered: "I am sorry! New ones leave today."},
		{share: 17, intent: "billing", tag: "Billing",
			subject: "Invoice", asked: "Could you send me the invoice again?", answered: "Of course, it is attached."},
		{share: 7, intent: "billing", tag: "Billing Issue", mood: "frustrated",
			subject: "Charged twice", asked: "My card was charged twice for one order.", answered: "You are right. The second one goes back today."},
		{share: 15, intent: "product", tag: "Product Question",
			subject: "Do you have it in green?", asked: "Is the large teapot there in green?", answered: "From next month on."},
		{share: 9, intent: "quote", tag: "Sales",
			subject: "A set for our café", asked: "What would forty cups cost?", answered: "I have put an offer together."},
		{share: 7, intent: "account", tag: "Technical Issue", mood: "negative",
			subject: "I can't sign in", asked: "Your shop doesn't take my password.", answered: "Please try the link that we just sent."},
		{share: 5, intent: "feedback", mood: "positive",
			subject: "Thank you!", asked: "The bowl is even more beautiful than on the picture.", answered: "That makes our day, thank you!"},
	}
}

func pastNames() (first, last []string) {
	first = strings.Fields("Amira Bruno Chloé Deniz Elif Farid Greta Hugo Ines Jakub Kofi Lena Mateo Nadia Oskar Paula " +
		"Rosa Samir Tess Uwe Yuki Zofia")
	last = strings.Fields("Almeida Becker Costa Dubois Eriksen Fischer García Haddad Ivanov Jansen Kowalska Moreau Novak Okafor " +
		"Rossi Santos Tanaka")
	return first, last
}

// past generates the history of the demo's company: three months of invented conversations that were answered and
// resolved. It gives the dashboard of Parley's settings site something to show. For example, a customer asked "Where is
// my parcel?" on a Tuesday at 10:14, and an agent took the conversation, answered and resolved it the same day. These
// conversations have no threads in Slack or Teams, because the emulated chats begin empty.
type past struct {
	now      time.Time
	dice     *rand.Rand
	ids      *store.IDs
	team     store.TeamID
	accounts []store.AccountID // each customer writes to one of them, chosen at random; repeated ones are more likely
	agents   []store.AgentID

	people        []store.Identity
	conversations []*pastConversation
}

// writePast inserts the history into the database, as Parley would have written it, and schedules its statistics.
func writePast(ctx context.Context, pool *pgxpool.Pool, now time.Time) error {
	return store.InTx(ctx, pool, func(tx pgx.Tx) error {
		p := &past{
			now:  now,
			dice: rand.New(rand.NewPCG(pastSeed, 0)), //nolint:gosec // not used for secrets
			ids:  &store.IDs{},
		}
		if err := p.lookUp(ctx, tx); err != nil {
			return err
		}
		for day := pastDays; day > 0; day-- {
			p.writeDay(now.UTC().Truncate(oneDay).AddDate(0, 0, -day))
		}
		return p.insertAll(ctx, tx)
	})
}

const (
	maxPast = pastDays * 20 // an upper bound of the number of conversations
	idsEach = 12            // an upper bound of the ids that a conversation needs

	oneDay = 24 * time.Hour
	// Working hours, in UTC.
	opens  = 8
	closes = 18
	// On a working day, minDaily to minDaily+spreadDaily-1 customers write. Both bounds grow by one every growAfter days.
	minDaily      = 4
	spreadDaily   = 5
	growAfter     = 30
	spreadWeekend = 3 // on a Saturday or Sunday, fewer customers than this write

	usuallyTaken    = 45 * time.Minute
	usuallyAnswered = 30 * time.Minute
	usuallyResolved = 5 * time.Hour
	longestFactor   = 6 // nothing takes longer than the usual time multiplied by this
	askAgainEvery   = 3 // one in this many customers asks again
)

func (p *past) lookUp(ctx context.Context, tx pgx.Tx) error {
	const read = `
		SELECT (SELECT id FROM teams WHERE name = 'Support'),
			ARRAY(SELECT id FROM agents ORDER BY email),
			ARRAY(SELECT a.id FROM unnest(ARRAY['support-mail', 'support-mail', 'support-mail', 'wa', 'wa', 'page']) AS n(name)
				JOIN accounts AS a USING (name) ORDER BY a.id)`
	if err := tx.QueryRow(ctx, read).Scan(&p.team, &p.agents, &p.accounts); err != nil {
		return fmt.Errorf("demo: past: %w", err)
	}
	return p.ids.Ensure(ctx, tx, maxPast*idsEach)
}

// writeDay generates the conversations that began on a day. There are fewer at weekends, and slightly more each month.
func (p *past) writeDay(day time.Time) {
	count := minDaily + p.dice.IntN(spreadDaily) + (pastDays-int(p.now.Sub(day).Hours()/oneDay.Hours()))/growAfter
	if isWeekend(day) {
		count = p.dice.IntN(spreadWeekend)
	}
	const workSeconds = (closes - opens) * int(time.Hour/time.Second)
	for range count {
		p.writeConversation(day.Add(opens*time.Hour + time.Duration(p.dice.IntN(workSeconds))*time.Second))
	}
}

func isWeekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

// workTime returns t if it is within working hours, and otherwise the next opening time.
func workTime(t time.Time) time.Time {
	switch {
	case t.Hour() >= closes:
		t = t.Truncate(oneDay).Add(oneDay + opens*time.Hour)
	case t.Hour() < opens:
		t = t.Truncate(oneDay).Add(opens * time.Hour)
	}
	for isWeekend(t) {
		t = t.Truncate(oneDay).Add(oneDay + opens*time.Hour)
	}
	return t
}

// workTimeAfter returns a random time after t, within working hours. The delay is exponentially distributed with the mean
// usual, up to longestFactor times usual, before it is moved into working hours.
func (p *past) workTimeAfter(t time.Time, usual time.Duration) time.Time {
	return workTime(t.Add(time.Duration(float64(usual) * min(p.dice.ExpFloat64(), longestFactor))))
}

func (p *past) pickTopic() pastTopic {
	const wholeShare = 100
	roll := p.dice.IntN(wholeShare)
	for _, t := range pastTopics() {
		if roll -= t.share; roll < 0 {
			return t
		}
	}
	return pastTopics()[0]
}

// writeConversation generates a conversation that began at a given time. A customer asks, and an agent takes the
// conversation, answers and resolves it. Sometimes the customer asks again. A conversation that would not be resolved by
// now is discarded.
func (p *past) writeConversation(at time.Time) {
	topic, agent := p.pickTopic(), p.agents[p.dice.IntN(len(p.agents))]
	who := p.makePerson(p.accounts[p.dice.IntN(len(p.accounts))])
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
	t := p.workTimeAfter(at, usuallyTaken)
	c.logDeed(t, agent, store.DeedTook, nil)
	c.addAnswer(t, topic.answered)
	if p.dice.IntN(askAgainEvery) == 0 {
		t = p.workTimeAfter(t, 2*time.Hour)
		c.addQuestion(t, who.ID, "Thank you. And how long does that take?")
		t = p.workTimeAfter(t, usuallyAnswered)
		c.addAnswer(t, "Two or three days.")
	}

	t = p.workTimeAfter(t, usuallyResolved)
	if !t.Before(p.now) {
		return // it would still be open
	}

	c.logDeed(t, agent, store.DeedResolved, nil)
	c.LastAt, c.ResolvedAt = t, &t
	p.people = append(p.people, who)
	p.conversations = append(p.conversations, c)
}

func (p *past) makePerson(account store.AccountID) store.Identity {
	first, last := pastNames()
	firstName, lastName := first[p.dice.IntN(len(first))], last[p.dice.IntN(len(last))]
	id := p.ids.Next()
	return store.Identity{
		ID:        store.IdentityID(id),
		AccountID: account,
		Key:       fmt.Sprintf("%s.%d@past.test", strings.ToLower(firstName), id),
		Name:      firstName + " " + lastName,
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
