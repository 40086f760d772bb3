package inspect

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
	"parley/store/measure"
	"parley/store/stats"
)

// checkPeople examines agents and teams.
func checkPeople(d store.Directory) Section {
	s := Section{Name: "people"}
	var unknown []string // addresses of active agents without a user in any chat
	active := 0
	for _, a := range d.Agents {
		if !a.Active {
			continue
		}

		active++
		if !slices.ContainsFunc(d.Users, func(u store.AgentUser) bool { return u.AgentID == a.ID }) {
			unknown = append(unknown, a.Email)
		}
	}

	switch {
	case active == 0:
		s.addOdd("agents", "there are none: nobody may reply",
			"Add them on the page People, or under agents: in parley.yaml, and run parley apply.")
	case len(unknown) > 0:
		s.addOdd("agents", "not known in any chat, so what they write stays inside: "+strings.Join(unknown, ", "),
			"Run parley apply while the chat is connected, or write their ids into parley.yaml.")
	default:
		s.addGood("agents", "%d, each with a user in a chat", active)
	}

	for _, t := range d.Teams {
		hasChannel := slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool { return c.TeamID == t.ID })
		switch {
		case !hasChannel:
			s.addOdd("team "+t.Name, "has no channel", "Give it one on its page or in parley.yaml, or let its accounts name theirs.")
		case len(t.Members) == 0:
			s.addOdd("team "+t.Name, "has no members", "Choose them on its page, or list them in parley.yaml.")
		default:
			s.addGood("team "+t.Name, "has a channel and members")
		}

		for _, c := range d.Channels {
			if c.TeamID == t.ID {
				s.addAbsent("team "+t.Name, "has a channel in ", "members", d, t, c.AccountID)
			}
		}
	}

	if !slices.ContainsFunc(d.Accounts, func(a store.Account) bool { return a.Side == store.SideChannel }) {
		s.addOdd("accounts", "there are none: no customer can write",
			"Add the first on the page Accounts, or under accounts: in parley.yaml, and run parley apply.")
	}

	return s
}

// addAbsent adds a finding about the members of a team who are not known in a chat in which their threads open, if there are any. place
// says what is there, and members who they are.
func (s *Section) addAbsent(what, place, members string, d store.Directory, t store.Team, chat store.AccountID) {
	absent := membersNotInChat(d, t, chat)
	i := slices.IndexFunc(d.Accounts, func(a store.Account) bool { return a.ID == chat })
	if len(absent) == 0 || i < 0 {
		return
	}
	name := d.Accounts[i].Name
	s.addOdd(what, place+name+", where these "+members+" are not known: "+strings.Join(absent, ", ")+". What they write there stays inside",
		"Run parley apply while "+name+" is connected, or write their ids into parley.yaml.")
}

// membersNotInChat returns the addresses of a team's members who have a user in some chat, but not in this one.
func membersNotInChat(d store.Directory, t store.Team, chat store.AccountID) (absent []string) {
	for _, a := range d.Agents {
		if !a.Active || !slices.Contains(t.Members, a.ID) {
			continue
		}

		isInSomeChat := slices.ContainsFunc(d.Users, func(u store.AgentUser) bool { return u.AgentID == a.ID })
		isInThisChat := slices.ContainsFunc(d.Users, func(u store.AgentUser) bool {
			return u.AgentID == a.ID && u.AccountID == chat
		})
		if isInSomeChat && !isInThisChat {
			absent = append(absent, a.Email)
		}
	}

	return absent
}

// checkQuarantine counts the events that could not be applied.
func checkQuarantine(ctx context.Context, q store.Querier) Section {
	s := Section{Name: "journal"}
	list, err := store.ListQuarantine(ctx, q, maxQuarantined)
	switch {
	case err != nil:
		s.addWrong("quarantine", err.Error(), "See the database's log.")
	case len(list) == 0:
		s.addGood("quarantine", "empty")
	default:
		n := count(len(list), "event")
		if len(list) == maxQuarantined {
			n = "at least " + n
		}

		s.addWrong("quarantine", n+" could not be applied; the newest: "+list[0].Account+": "+list[0].Reason,
			fmt.Sprintf("Look at them on the page What stands still, or with parley replay and parley explain %d.", list[0].EventID))
		s.Account, s.Findings[0].MayNameCustomer = list[0].AccountID, true
	}

	return s
}

// lateFigures is how long a change may wait to be counted before the doctor wonders.
const lateFigures = time.Hour

// checkFigures tells how far the figures of the team are behind.
func checkFigures(ctx context.Context, q store.Querier) Section {
	s := Section{Name: "figures"}
	behind, err := measure.ReadBehind(ctx, q)
	late := time.Duration(behind.Seconds * float64(time.Second))
	switch {
	case err != nil:
		s.addOdd("counted", "it can't be read: "+err.Error(), "See the database's log.")
	case late > lateFigures:
		s.addOdd("counted", "what happened "+roundDuration(late)+" ago is not counted yet",
			"Is parley serve running? Figures give way while there is much to do. Messages and replies don't wait for them.")
	case behind.Older:
		s.addGood("counted", "older conversations are being counted, the newest first")
	case behind.Filling:
		s.addGood("counted", "up to date; medians of old days are being counted, the newest first")
	default:
		s.addGood("counted", "up to date")
	}

	return s
}

// listSuggestions tells what became of the suggestions in notes of analyses, by kind.
func listSuggestions(kinds []stats.SuggestionCount) Section {
	s := Section{Name: "suggestions"}
	for _, k := range kinds {
		s.addGood(k.Kind, "%d shown in seven days, %d used, %d edited, %d ignored", k.Shown, k.Used, k.Edited, k.Ignored)
	}
	return s
}

// checkSignIn examines the provider by which agents sign in to the site.
func (o Options) checkSignIn(ctx context.Context) Section {
	s := Section{Name: "signing in"}
	s.addChecked(o.SignIn.Check(ctx))
	return s
}

// addCondition adds the condition that the running Parley has reported.
func addCondition(s *Section, a store.Account) {
	if a.Status == string(channels.Active) {
		s.addGood("condition", "no fault was reported")
		return
	}
	s.Findings = append(s.Findings, Finding{Level: Wrong, What: "condition", Text: a.StatusText, Hint: a.StatusHint, MayNameCustomer: true})
}

// checkAccount examines one mailbox, number or page.
func (o Options) checkAccount(ctx context.Context, a store.Account, d store.Directory) Section {
	s := Section{Name: "account " + a.Name, Account: a.ID}
	checkHome(&s, a, d)

	switch {
	case a.Paused:
		s.addOdd("paused", "nothing is fetched or sent", "To go on, resume it on the page Accounts, or write paused: false and run parley apply.")
	case a.Mode == store.ModeWatch:
		s.addOdd("mode", "watch: nothing is sent",
			"To reply from here, choose live on the account's page, or write mode: live and run parley apply.")
	case a.Mode == store.ModeTrial:
		s.addOdd("mode", "trial: replies go to "+count(len(a.TrialTo), "listed address")+" only",
			"To reply to all, choose live on the account's page, or write mode: live and run parley apply.")
	default:
		s.addGood("mode", "live")
	}

	if !a.Paused { // what is known of a paused account is from before
		addCondition(&s, a)
	}
	o.listSenders(ctx, &s, a)
	i := slices.IndexFunc(o.Specs, func(spec channels.Spec) bool { return spec.Kind == a.Kind })
	if i < 0 {
		s.addWrong("channel", fmt.Sprintf("this version of Parley has no channel %q", a.Kind),
			"Pause the account, or run the version that it was made with.")
		return s
	}
	if o.Sealer == nil {
		return s // checkMasterKey reports it
	}

	var channel channels.Channel
	config, err := setup.OpenConfig(a, o.Sealer, o.Specs[i])
	if err == nil {
		channel, err = o.makeChannel(ctx, a, o.Specs[i], config)
	}
	if errors.Is(err, store.ErrWrongKey) {
		s.addWrong("settings", "they were sealed with another master key, so that nothing can be tried",
			"Put that key into PARLEY_MASTER_KEY, behind a comma if there is one already, or enter the secrets anew on the account's page.")
		return s
	}
	if err != nil {
		s.addWrong("settings", err.Error(), "Put them right on the account's page, or in parley.yaml, and run parley apply.")
		return s
	}

	if checker, ok := channel.(channels.Checker); ok {
		s.addChecked(checker.Check(ctx))
	} else {
		s.addGood("settings", "complete")
	}

	return s
}

// maxSenders is how many blocked, and silenced, senders are listed.
const maxSenders = 20

// listSenders lists the senders whose automatic mail is ignored, and those whose automatic mail is kept without a post.
func (o Options) listSenders(ctx context.Context, s *Section, a store.Account) {
	blocked, err := store.BlockedSenders(ctx, o.Pool, a.ID, nil)
	addSenders(s, "blocked senders", "passed over", blocked, err)
	silenced, err := store.SilencedSenders(ctx, o.Pool, a.ID, nil)
	addSenders(s, "silenced senders", "kept without a post", silenced, err)
}

// addSenders adds what becomes of the automatic mail of senders, or the error with which they couldn't be read.
func addSenders(s *Section, what, fate string, senders []store.Identity, err error) {
	if err != nil {
		s.addWrong(what, err.Error(), "See the database's log.")
		return
	}
	if len(senders) == 0 {
		return
	}

	var names []string
	for _, i := range senders[:min(len(senders), maxSenders)] {
		names = append(names, i.Key)
	}

	if more := len(senders) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}

	text := "automatic mail from " + strings.Join(names, ", ") + " is " + fate +
		" (to take one back, type !unblock ADDRESS in any thread of the account)"
	s.Findings = append(s.Findings, Finding{Level: Good, What: what, Text: text, MayNameCustomer: true})
}

// checkHome checks that there is a channel for an account's threads.
func checkHome(s *Section, a store.Account, d store.Directory) {
	switch {
	case a.SurfaceID != nil && a.SurfaceChannel != "":
		s.addGood("threads", "open in a channel of its own")
		for _, t := range d.Teams {
			if a.TeamID != nil && *a.TeamID == t.ID {
				s.addAbsent("threads", "open in ", "members of "+t.Name, d, t, *a.SurfaceID)
			}
		}
	case a.TeamID == nil:
		s.addWrong("threads", "it has neither a team nor a channel: what customers write is shown to nobody",
			"Give it a team on its page or in parley.yaml.")
	case !slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool { return c.TeamID == *a.TeamID }):
		s.addWrong("threads", "its team has no channel: what customers write is shown to nobody",
			"Give the team a channel on its page or in parley.yaml.")
	default:
		s.addGood("threads", "open in the team's channel")
	}
}

// Try signs in to an account with settings that need not be stored yet, and says what it found. It changes nothing.
// config is the result of setup.OpenConfig, or what somebody has typed.
// Errors: the settings are faulty, or their channel is of another version.
func Try(ctx context.Context, o Options, a store.Account, config channels.Config) ([]channels.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	channel, err := Make(ctx, o, a, config)
	if err != nil {
		return nil, err
	}
	if checker, ok := channel.(channels.Checker); ok {
		return checker.Check(ctx), nil
	}
	return []channels.Finding{{OK: true, What: "settings", Text: "complete"}}, nil
}

// Make makes an account's channel only to ask its provider: it can neither store facts nor report. config is as for Try.
// Errors: as Try.
func Make(ctx context.Context, o Options, a store.Account, config channels.Config) (channels.Channel, error) {
	i := slices.IndexFunc(o.Specs, func(spec channels.Spec) bool { return spec.Kind == a.Kind })
	if i < 0 {
		return nil, fmt.Errorf("this version of Parley has no channel %q", a.Kind)
	}
	return o.makeChannel(ctx, a, o.Specs[i], config)
}

// makeChannel is Make with the account's spec.
func (o Options) makeChannel(ctx context.Context, a store.Account, spec channels.Spec, config channels.Config) (channels.Channel, error) {
	key := make([]byte, 32) // required, but Check signs nothing with it
	_, _ = rand.Read(key)   // never fails
	var env channels.Env
	if o.Outside != nil {
		env = o.Outside(spec, a.Name, config)
	}

	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}

	env.Accept = func(context.Context, ...channels.Fact) error { return errStoresNothing }
	env.State = lookState{db: o.Pool, account: a.ID}
	env.Log = log.With("account_id", a.ID)
	env.Now = time.Now
	env.Keys = [][]byte{key}
	env.Report = func(channels.Condition) {}
	if accounts, err := store.ListAccounts(ctx, o.Pool); err == nil { // without the names the channel can still be asked
		env.Accounts = []string{a.Name} // it may not be stored yet
		for _, other := range accounts {
			if other.Side == store.SideChannel && other.Kind == a.Kind {
				env.Accounts = append(env.Accounts, other.Name)
			}
		}
	}

	provider := ""
	if spec.Consent != "" {
		provider = config[spec.Consent]
	}
	if provider != "" && o.Grant != nil {
		env.Grant = o.Grant(a, provider)
	}

	return spec.New(setup.Account(a, config), env)
}

// errStoresNothing is the error of a channel that was made only to ask its provider, when it wants to store something.
var errStoresNothing = errors.New("inspect: a look stores nothing")

// lookState is an account's channels.State that can be read but not changed.
type lookState struct {
	db      store.Querier
	account store.AccountID
}

// Load implements channels.State.
func (s lookState) Load(ctx context.Context) ([]byte, error) {
	return store.LoadWatermark(ctx, s.db, s.account)
}

// Save implements channels.State.
func (lookState) Save(context.Context, []byte, []byte) error { return errStoresNothing }
