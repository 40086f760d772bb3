package site_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// These tests are about the dashboard. newFigures makes a site, and a test adds the contributions of conversations to
// its figures (keep).

// acmeWithBilling is Acme with another team, Billing, to which Ben doesn't belong, and an account of that team.
func acmeWithBilling() string {
	teams := strings.Replace(sitetest.Acme, "accounts:", "  - {name: Billing, members: [ann@acme.test], "+
		"slack_channel: C0BILLING}\naccounts:", 1)
	return teams + `
  - {name: billing-mail, kind: http, team: Billing, http: {secret: "billing-tops3cret", callback_url: "https://shop.test/billing"}}
`
}

// figures is a site, with the ids by which conversations are counted.
type figures struct {
	*sitetest.Site

	t                *testing.T
	support, billing store.TeamID
	supportMail      store.AccountID
	billingMail      store.AccountID
	ann, ben         store.AgentID
	today            time.Time // zero until daysAgo is asked
}

func newFigures(t *testing.T) *figures {
	t.Helper()
	f := &figures{t: t, Site: sitetest.Start(t, acmeWithBilling(), withInbox(t), withSlack)}
	f.setProgress(progress{})
	f.support, f.billing = store.TeamID(f.id("teams", "Support")), store.TeamID(f.id("teams", "Billing"))
	f.supportMail, f.billingMail = store.AccountID(f.id("accounts", "support-mail")), store.AccountID(f.id("accounts", "billing-mail"))
	f.ann, f.ben = store.AgentID(f.id("agents", "Ann Lee")), store.AgentID(f.id("agents", "Ben Osei"))
	return f
}

// id returns the id of a row by its name.
func (f *figures) id(table, name string) int {
	f.t.Helper()
	return countRowsOf(f.t, f.Site, `SELECT id::int FROM `+table+` WHERE name = $1`, name)
}

// progress says how far the counting has got.
type progress struct {
	countBelow int // conversations with smaller numbers still have to be counted again; 0 means none
}

func (f *figures) setProgress(p progress) {
	f.t.Helper()
	storetest.Exec(f.t, f.Pool, `UPDATE measured SET below = $1`, p.countBelow)
}

// contribution is what one conversation contributes to the figures.
type contribution struct {
	conversation store.ConversationID
	subject      string // "" means that it doesn't matter
	labels       measure.Labels
	shares       []measure.Share
}

// keep adds a conversation with Kim Example and its thread in Slack, and what it contributes to the figures.
func (f *figures) keep(c contribution) {
	f.t.Helper()
	c.labels.ConversationID = c.conversation
	for i := range c.shares {
		c.shares[i].ConversationID = c.conversation
	}
	if c.labels.Tags == nil {
		c.labels.Tags = []string{}
	}

	storetest.Exec(f.t, f.Pool, `
		INSERT INTO conversations (id, account_id, subject, status, last_at, created_at, participants)
		VALUES ($1, $2, $3, 'resolved', now(), now(), '[{"key": "kim@example.org", "name": "Kim Example", "role": "to"}]')`,
		c.conversation, c.shares[0].AccountID, c.subject)
	storetest.Exec(f.t, f.Pool, `
		INSERT INTO threads (conversation_id, account_id, channel, root)
		SELECT $1, id, 'C0SUPPORT', '1700000000.000100' FROM accounts WHERE kind = 'slack'`, c.conversation)
	check(f.t, store.InTx(f.t.Context(), f.Pool, func(tx pgx.Tx) error {
		if err := new(measure.Progress).Keep(f.t.Context(), tx, []measure.Labels{c.labels}, c.shares); err != nil {
			return err
		}
		return new(measure.Progress).KeepTimes(f.t.Context(), tx, []measure.Labels{c.labels}, timesOf(c.shares))
	}))
}

// tagMessage adds a tagged message to conversation 4711.
func (f *figures) tagMessage() {
	f.t.Helper()
	storetest.Exec(f.t, f.Pool, `
		INSERT INTO messages (id, conversation_id, direction, fate, account_id, text, event_id, said_at, created_at)
		VALUES (47, 4711, 'in', 'in', $1, 'Where is it?', 1, now(), now())`, f.supportMail)
	storetest.Exec(f.t, f.Pool, `INSERT INTO message_tags (message_id, tag, agent_id, at) VALUES (47, 'Complaint', $1, now())`, f.ann)
}

// timesOf returns single times that add up to the shares. Each is as long as the average.
func timesOf(shares []measure.Share) (list []measure.Single) {
	for _, s := range shares {
		add := func(what measure.Time, count, sum, sumOpen int64) {
			for range count {
				list = append(list, measure.Single{
					ConversationID: s.ConversationID,
					Day:            s.Day,
					AccountID:      s.AccountID,
					TeamID:         s.TeamID,
					AgentID:        s.AgentID,
					Time:           what,
					Wall:           sum / count,
					Open:           sumOpen / count,
				})
			}
		}
		add(measure.FirstAnswer, s.FirstCount, s.FirstSum, s.FirstSumOpen)
		add(measure.NextAnswer, s.NextCount, s.NextSum, s.NextSumOpen)
		add(measure.Ended, s.Resolved, s.EndedSum, s.EndedSumOpen)
	}
	return list
}

// daysAgo returns a day, counted from the day of the first call, even if it is past midnight now.
func (f *figures) daysAgo(n int) string {
	if f.today.IsZero() {
		f.today = time.Now() //nolint:forbidigo // the site's clock is this one
	}
	return f.today.AddDate(0, 0, -n).Format(time.DateOnly)
}

// ofSupport is yesterday's share of a conversation with Support, of no agent.
func (f *figures) ofSupport(counted measure.Figures) measure.Share {
	return measure.Share{Day: f.daysAgo(1), TeamID: f.support, AccountID: f.supportMail, Figures: counted}
}

// keepTwo adds two conversations: 4711 is Support's, and Ben has answered it after two hours. 4712 is Billing's, and
// Ann has answered it after a minute.
func (f *figures) keepTwo() {
	f.t.Helper()
	f.keep(contribution{
		conversation: 4711,
		subject:      "Where is my order?",
		labels:       measure.Labels{Tags: []string{"Sales"}, Intent: "order_status"},
		shares: []measure.Share{
			{Day: f.daysAgo(2), TeamID: f.support, AccountID: f.supportMail, Figures: measure.Figures{Opened: 1, MessagesIn: 2}},
			{Day: f.daysAgo(2), TeamID: f.support, AgentID: f.ben, AccountID: f.supportMail, Figures: measure.Figures{
				MessagesOut: 1,
				FirstCount:  1, FirstSum: 7200, FirstSumOpen: 1800, FirstWorst: 7200, FirstWorstOpen: 1800,
				Resolved: 1, EndedSum: 90000, EndedSumOpen: 9000, EndedWorst: 90000, EndedWorstOpen: 9000,
			}},
		},
	})

	f.keep(contribution{
		conversation: 4712,
		subject:      "الفاتورة",
		labels:       measure.Labels{Tags: []string{"Billing"}, Mood: "negative"},
		shares: []measure.Share{
			{Day: f.daysAgo(1), TeamID: f.billing, AccountID: f.billingMail, Figures: measure.Figures{Opened: 1, MessagesIn: 1}},
			{Day: f.daysAgo(0), TeamID: f.billing, AgentID: f.ann, AccountID: f.billingMail, Figures: measure.Figures{
				MessagesOut: 3,
				FirstCount:  1, FirstSum: 60, FirstSumOpen: 60, FirstWorst: 60, FirstWorstOpen: 60,
				NextCount: 2, NextSum: 600, NextSumOpen: 600, NextWorst: 500, NextWorstOpen: 500,
			}},
		},
	})
}
