package demo

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/relay"
	"parley/bridge/setup"
	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/store"
)

// gus and fay are in the channel and don't belong to the company. Their ids are those in Slack.
const (
	gus = "U0GUSGUEST1"
	fay = "U0FAYFOREIG"
)

// stage is everything in which one scenario is played.
type stage struct {
	ctx     context.Context
	t       testing.TB // of this story
	variant variant
	options CompanyOptions
	company *Company
	boards  map[string]board // where agents work, by surface
	where   string           // the surface that is looked at, as in onSlack
	board   board            // that of where
	deeds   deeds
	env     app.Env
	lent    *lent // the database, which no other story uses meanwhile
	db      *app.Database
	log     *slog.Logger
	deleted string // id of the message that was deleted last
	last    string // the subject of the conversation that is talked about

	lines    []string          // name=value of the account, as set
	extra    string            // further accounts, and other entries at the end of parley.yaml
	taught   bool              // a site of the company's is part of it
	rate     float64           // factor on the surface's published budgets; 0 means none
	deaf     bool              // Parley may not read Teams' channels
	sweep    time.Duration     // between two searches for missed events; 0 means the surface's default
	analyzer analysis.Analyzer // analyses what customers write; nil means no analysis
	hasty    bool              // gives up on lost answers at once, not after ten minutes
	running  []*replica
	hooks    *Proxy // passes webhooks on to the newest Parley; nil without phones
	clock    *Clock // of the phones
	chat     string // the kind of the customer's chat that is talked about: "whatsapp"
}

// replica is one running Parley.
type replica struct {
	app     *app.App
	stop    context.CancelFunc
	stopped chan error
}

func newStage(ctx context.Context, t testing.TB, v variant) *stage {
	level := slog.LevelError + 4
	if os.Getenv("PARLEY_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	return &stage{clock: &Clock{}, ctx: ctx, t: t, variant: v, options: v.world(),
		log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))}
}

// open builds the company, its boards and the database, when the first thing happens in the story.
func (s *stage) open() error {
	if s.company != nil {
		return nil
	}
	if s.options.Phones {
		var err error
		if s.hooks, err = NewProxy(s.ctx, "", ""); err != nil {
			return err
		}
		s.options.PublicURL, s.options.PhoneClock = "http://"+s.hooks.Addr, s.clock.Now
	}

	w, err := New(s.ctx, s.options)
	if err != nil {
		return err
	}
	s.company = w
	s.env = app.Env{Data: s.t.TempDir(), Listen: "127.0.0.1:0", SlackRate: s.rate,
		PublicURL: s.options.PublicURL, APIURLs: map[string]string{}}
	for _, v := range w.Phones().Env() {
		if name, value, _ := strings.Cut(v, "="); strings.HasSuffix(name, "_API_URL") {
			s.env.APIURLs[name] = value
		}
	}

	if err = s.makeBoards(); err != nil {
		return err
	}
	s.lent = lend(s.t)
	s.db, s.env.DatabaseURL = s.lent.db, s.lent.url
	return s.db.Migrate(s.ctx, s.env)
}

// makeBoards makes the boards and looks at the first one.
func (s *stage) makeBoards() (err error) {
	kinds := []string{cmp.Or(s.variant.on, onSlack)}
	if s.options.Teams && !s.options.NoSlack {
		kinds = []string{onSlack, onTeams}
	}
	s.boards = map[string]board{}
	for _, kind := range kinds {
		var b board
		switch kind {
		case onText:
			b = newTextBoard(s.t)
		case onTeams:
			b, err = newTeamsBoard(s.ctx, s.t, s.company, s.variant)
			if s.deaf {
				s.company.Teams.Entra.Permit()
			}
		default:
			b = newSlackBoard(s.company, s.variant)
		}
		if err != nil {
			return err
		}
		b.calm()
		s.boards[kind] = b
	}
	s.where, s.board = kinds[0], s.boards[kinds[0]]
	return nil
}

// onEachBoard lets every board do something, up to the first error.
func (s *stage) onEachBoard(do func(b board) error) error {
	for _, b := range s.boards {
		if err := do(b); err != nil {
			return err
		}
	}
	return nil
}

// onAllBoards reports whether something holds for all boards.
func (s *stage) onAllBoards(holds func(b board) bool) bool {
	for _, b := range s.boards {
		if !holds(b) {
			return false
		}
	}
	return true
}

func (s *stage) close() {
	s.halt()
	s.recount()
	for _, b := range s.boards {
		b.close()
	}
	if s.db != nil && s.db != s.lent.db { // a backup was restored into it
		s.db.Close()
	}
	if s.company != nil {
		_ = s.company.Close()
	}
	if s.hooks != nil {
		s.hooks.Close()
	}
}

// setUp applies the company's parley.yaml with changes: name=value pairs for lines of the account. They stay until they are
// given again.
func (s *stage) setUp(changes []string) error {
	for _, c := range changes {
		name, _, ok := strings.Cut(c, "=")
		if !ok {
			return fmt.Errorf("%q isn't a name=value", c)
		}
		s.lines = slices.DeleteFunc(s.lines, func(l string) bool { return strings.HasPrefix(l, name+"=") })
		s.lines = append(s.lines, c)
	}
	text, err := s.config()
	if err != nil {
		return err
	}
	file, err := setup.Parse([]byte(text), os.LookupEnv)
	if err != nil {
		return err
	}
	_, err = setup.Apply(s.ctx, s.db.Pool, file, setup.Options{Sealer: s.db.Sealer, Specs: app.Specs(), Signatures: operate.NewGuarded(".")})
	return err
}

// config returns the company's parley.yaml with the changes of this story.
func (s *stage) config() (text string, err error) {
	hold, accountLines, team, otherTeams, top := time.Duration(0), "", "Support", "", ""
	var ofPeople []string
	for _, l := range s.lines {
		name, value, _ := strings.Cut(l, "=")
		switch {
		case name == "signature" || strings.Contains(name, "_of_"):
			ofPeople = append(ofPeople, l)
		case name == "home": // the team's
			s.company.SetHome(value)
		case name == "billing": // a second team, Ben alone, at home in a chat
			otherTeams = "  - {name: Billing, members: [ben@acme.test], " + s.channelOf(value) + "}\n"
		case name == "room": // the account's own: that which is looked at
			accountLines += "    " + s.channelOf("here") + "\n"
		case name == "team": // the account's
			team = value
		case name == "automations": // of the company
			top = "automations: " + value + "\n"
		case name == "hold":
			if hold, err = time.ParseDuration(value); err != nil {
				return "", err
			}
		default:
			accountLines += fmt.Sprintf("    %s: %s\n", name, value)
		}
	}

	text = strings.Replace(s.company.Config(hold), "    team: Support\n", "    team: "+team+"\n"+accountLines, 1)
	text = strings.Replace(text, "\nteams:\n  - {name: Support", "\nteams:\n"+otherTeams+"  - {name: Support", 1)
	for _, l := range ofPeople {
		text = changePerson(text, l)
	}
	return text + top + s.extra, nil
}

// changePerson changes a parley.yaml by name=value. The name signature means the account's, and names like signature_of_ben
// or presence_of_ben a person's.
func changePerson(text, line string) string {
	name, value, _ := strings.Cut(line, "=")
	key, who, isOfPerson := strings.Cut(name, "_of_")
	if !isOfPerson {
		return strings.Replace(text, "    signature: |\n      **Acme Support**\n      Monday to Friday, 9 to 17\n",
			fmt.Sprintf("    signature: %q\n", value), 1)
	}
	if !strings.HasPrefix(value, "[") { // a list is written as it is
		value = strconv.Quote(value)
	}
	person := "{email: " + who + "@acme.test"
	return strings.Replace(text, person, person+", "+key+": "+value, 1)
}

// channelOf returns the line of parley.yaml that names the channel in Slack or Teams, or for "here" the channel that is
// looked at.
func (s *stage) channelOf(surface string) string {
	switch surface {
	case onSlack:
		return "slack_channel: " + Support
	case onTeams:
		return fmt.Sprintf("teams_channel: %q", TeamsSupport)
	}
	return fmt.Sprintf("%s_channel: %q", s.where, s.board.channel())
}

// start runs Parley until halt. It waits until Parley's mailbox and surfaces are connected.
func (s *stage) start() error {
	for range max(s.variant.replicas, 1) {
		if err := s.startOne(); err != nil {
			return err
		}
	}
	if err := s.company.Subscribe(s.ctx); err != nil {
		return err
	}

	return s.until("Parley is connected", func() (bool, error) {
		for _, account := range s.running[0].app.Engine().Accounts() {
			if account.Kind != "email" || account.Paused {
				continue
			}
			mark, err := store.LoadWatermark(s.ctx, s.db.Pool, account.ID)
			if err != nil || mark == nil {
				return false, err
			}
		}
		return s.onAllBoards(func(b board) bool { return b.connected(len(s.running)) }), nil
	})
}

func (s *stage) startOne() error {
	o := app.Options{MovedTime: true, Backoff: []time.Duration{100 * time.Millisecond},
		Relay: relay.Options{ReconcileAfter: 100 * time.Millisecond, AbsentAgain: 200 * time.Millisecond}}
	if s.hasty {
		o.Relay.MaxRequest, o.Relay.MaxWait = 5*time.Second, 300*time.Millisecond
		o.Relay.UnclearAfter, o.Relay.LateAfter = time.Second, 500*time.Millisecond
	}
	o.Specs, o.Sweep, o.Analyzer = quickSpecs(), s.sweep, s.analyzer
	env := s.env
	for _, b := range s.boards {
		b.wire(&env, &o)
	}
	s.deeds.watch(&o)
	if s.db == s.lent.db {
		o.Relay.Sessions = s.lent.sessionsOf(len(s.running))
	}

	a, err := app.New(s.ctx, env, s.db, s.log, o)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(s.ctx)
	r := &replica{app: a, stop: stop, stopped: make(chan error, 1)}
	go func() { r.stopped <- a.Run(ctx) }()
	s.running = append(s.running, r)
	if s.hooks != nil {
		s.hooks.SetTarget(a.Address())
	}
	return s.onEachBoard(func(b board) error { return b.started(s.ctx, a.Address()) })
}

func (s *stage) halt() {
	for _, r := range s.running {
		r.stop()
	}
	for _, r := range s.running {
		if err := <-r.stopped; err != nil {
			s.t.Error(err)
		}
	}
	s.running = nil
	for _, b := range s.boards {
		b.stopped()
	}
}

// until polls a condition for which there is no signal, first every 5 ms and later every 20 ms. A check may need a query, or
// read everything that a surface shows.
func (s *stage) until(what string, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Minute)
	defer cancel()
	for began := time.Now(); ; {
		done, err := ok()
		if done || err != nil {
			return err
		}
		timer := time.NewTimer(min(5*time.Millisecond+time.Since(began)/10, 20*time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("waited in vain for: %s", what)
		case <-timer.C:
		}
	}
}
