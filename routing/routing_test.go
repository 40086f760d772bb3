package routing_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"parley/routing"
)

const (
	ann routing.PersonID = iota + 1
	ben
	cat
)

// team are people of Support, the least busy of whom is Cat, and the one whose turn it is Ann.
func team() []routing.Person {
	inSupport := []string{"Support"}
	return []routing.Person{
		{ID: ann, Name: "Ann Lee", Email: "ann@acme.test", Teams: inSupport, Load: 2, Turn: 1, Skills: []string{"german"}},
		{ID: ben, Name: "Ben Katz", Email: "ben@acme.test", Teams: inSupport, Load: 1, Turn: 2, Skills: []string{"German"}, Brands: []string{"Bosch"}},
		{ID: cat, Name: "Cat Ray", Email: "cat@acme.test", Teams: inSupport, Load: 0, Turn: 3},
	}
}

// Requirements: Rules in their order find a person; a pin beats the preset of a contact, and that the rules.
// Requirement R-129: Rule: brand.
// Requirement R-133: Rule: skills.
// Requirement R-136: Who works but gets nothing by itself.
func TestDecide(t *testing.T) {
	t.Parallel()
	leastLoad := routing.Rule{By: routing.ByLeastLoad}
	when := func(by routing.By, w routing.When) routing.Rule { return routing.Rule{By: by, When: w} }
	toBilling := routing.Rule{By: routing.ByTeam, Team: "Billing", When: routing.When{Intent: "invoice"}}
	change := func(id routing.PersonID, f func(*routing.Person)) func([]routing.Person) {
		return func(people []routing.Person) {
			for i := range people {
				if people[i].ID == id {
					f(&people[i])
				}
			}
		}
	}

	tests := []struct {
		name     string
		rules    []routing.Rule
		fallback string
		facts    routing.Facts
		change   func([]routing.Person)
		want     routing.PersonID
		by       routing.By
		team     string
	}{
		{name: "no rule leaves it to people"},
		{name: "least load", rules: []routing.Rule{leastLoad}, want: cat, by: routing.ByLeastLoad},
		{
			name: "equal loads: who got one longest ago", rules: []routing.Rule{leastLoad},
			change: change(cat, func(p *routing.Person) { p.Load = 1 }), want: ben, by: routing.ByLeastLoad,
		},
		{name: "round-robin", rules: []routing.Rule{{By: routing.ByRoundRobin}}, want: ann, by: routing.ByRoundRobin},
		{
			name: "last agent first", rules: []routing.Rule{{By: routing.ByLastAgent}, leastLoad},
			facts: routing.Facts{LastAgent: ann}, want: ann, by: routing.ByLastAgent,
		},
		{
			name: "a last agent who is away doesn't get it", rules: []routing.Rule{{By: routing.ByLastAgent}, leastLoad},
			facts: routing.Facts{LastAgent: ann}, change: change(ann, func(p *routing.Person) { p.Away = true }), want: cat, by: routing.ByLeastLoad,
		},
		{
			name: "salesman", rules: []routing.Rule{{By: routing.BySalesman}, leastLoad},
			facts: routing.Facts{Salesman: "Ben@acme.test"}, want: ben, by: routing.BySalesman,
		},
		{
			name: "field", rules: []routing.Rule{{By: routing.ByField, Field: "manager"}, leastLoad},
			facts: routing.Facts{Fields: map[string]string{"manager": "Ann Lee"}}, want: ann, by: routing.ByField,
		},
		{
			name: "brand", rules: []routing.Rule{{By: routing.ByBrand}, leastLoad},
			facts: routing.Facts{Brands: []string{"bosch"}}, want: ben, by: routing.ByBrand,
		},
		{
			name: "the least busy of those with a skill", rules: []routing.Rule{{By: routing.BySkill, Skill: "german"}},
			want: ben, by: routing.BySkill,
		},
		{
			name: "conditions", rules: []routing.Rule{
				when(routing.ByRoundRobin, routing.When{Channel: "whatsapp"}), when(routing.ByRoundRobin, routing.When{Language: "de"}),
				when(routing.ByRoundRobin, routing.When{Tag: "VIP"}), when(routing.ByRoundRobin, routing.When{Text: "refund"}),
				when(routing.ByRoundRobin, routing.When{Mood: "negative"}), when(routing.ByRoundRobin, routing.When{Hours: "closed"}), leastLoad,
			},
			facts: routing.Facts{Channel: "email", Language: "en", Tags: []string{"New"}, Text: "Hello", Open: true}, want: cat, by: routing.ByLeastLoad,
		},
		{
			name: "all conditions are met", rules: []routing.Rule{
				when(routing.ByRoundRobin, routing.When{Channel: "email", Language: "de", Tag: "vip", Text: "REFUND", Mood: "negative", Intent: "refund", Hours: "open"}),
			},
			facts: routing.Facts{
				Channel: "email", Language: "de", Tags: []string{"VIP"}, Text: "A refund, please", Mood: "negative", Intent: "refund", Open: true,
			},
			want: ann, by: routing.ByRoundRobin,
		},
		{
			name: "an intent belongs to a team", rules: []routing.Rule{toBilling, leastLoad},
			facts: routing.Facts{Intent: "invoice"}, team: "Billing", by: routing.ByTeam,
		},
		{
			name: "a team that was chosen stays", rules: []routing.Rule{toBilling, leastLoad},
			facts: routing.Facts{Intent: "invoice", Moved: true}, want: cat, by: routing.ByLeastLoad,
		},
		{
			name: "of two teams the first", rules: []routing.Rule{{By: routing.ByTeam, Team: "support"}, toBilling, leastLoad},
			facts: routing.Facts{Intent: "invoice"}, want: cat, by: routing.ByLeastLoad,
		},
		{
			name: "nobody of another team", rules: []routing.Rule{leastLoad},
			facts: routing.Facts{Team: "Billing"},
		},
		{
			name: "who takes none by rule", rules: []routing.Rule{leastLoad},
			change: change(cat, func(p *routing.Person) { p.Manual = true }), want: ben, by: routing.ByLeastLoad,
		},
		{
			name: "off duty", rules: []routing.Rule{leastLoad},
			change: change(cat, func(p *routing.Person) { p.OffDuty = true }), want: ben, by: routing.ByLeastLoad,
		},
		{
			name: "full", rules: []routing.Rule{{By: routing.ByRoundRobin}},
			change: change(ann, func(p *routing.Person) { p.Capacity = 2 }), want: ben, by: routing.ByRoundRobin,
		},
		{
			name: "who put it back doesn't get it again", rules: []routing.Rule{leastLoad},
			facts: routing.Facts{GaveBack: []routing.PersonID{cat}}, want: ben, by: routing.ByLeastLoad,
		},
		{
			name: "the fallback may be of another team, and take none by rule", rules: []routing.Rule{{By: routing.ByLastAgent}}, fallback: "ann@acme.test",
			change: change(ann, func(p *routing.Person) { p.Teams, p.Manual = nil, true }), want: ann, by: routing.ByFallback,
		},
		{
			name: "a fallback that has no room waits", rules: []routing.Rule{{By: routing.ByLastAgent}}, fallback: "ann@acme.test",
			change: change(ann, func(p *routing.Person) { p.Capacity = 1 }),
		},
		{name: "a team as fallback", rules: []routing.Rule{{By: routing.ByLastAgent}}, fallback: "Sales", team: "Sales", by: routing.ByFallback},
		{name: "a team as fallback that has it", fallback: "Support"},
		{
			name: "a pin beats all", rules: []routing.Rule{toBilling, leastLoad},
			facts: routing.Facts{Pinned: ann, Preset: []routing.PersonID{ben}, Intent: "invoice"}, want: ann, by: routing.ByPin,
		},
		{
			name: "a preset beats rules", rules: []routing.Rule{leastLoad},
			facts:  routing.Facts{Pinned: ann, Preset: []routing.PersonID{ben}},
			change: change(ann, func(p *routing.Person) { p.Away = true }), want: ben, by: routing.ByPreset,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			people := team()
			if tt.change != nil {
				tt.change(people)
			}
			if tt.facts.Team == "" {
				tt.facts.Team = "Support"
			}
			got := routing.Decide(routing.Plan{Rules: tt.rules, Fallback: tt.fallback}, tt.facts, people)
			if got.Person != tt.want || got.By != tt.by || got.Team != tt.team {
				t.Errorf("person %d, team %q, by %q; want %d, %q, %q; tried %+v", got.Person, got.Team, got.By, tt.want, tt.team, tt.by, got.Tried)
			}
		})
	}
}

// A decision says why each rule before it found nobody.
func TestDecideTellsWhy(t *testing.T) {
	t.Parallel()
	people := team()
	people[0].Away, people[1].Capacity, people[2].Teams = true, 1, nil
	got := routing.Decide(routing.Plan{Rules: []routing.Rule{
		{By: routing.ByRandom, When: routing.When{Tag: "VIP"}}, {By: routing.BySalesman}, {By: routing.ByLeastLoad},
	}}, routing.Facts{Team: "Support"}, people)
	want := []routing.Step{
		{By: routing.ByRandom, Rule: 0, Unmet: "tag"},
		{By: routing.BySalesman, Rule: 1},
		{By: routing.ByLeastLoad, Rule: 2, Invalid: []routing.Invalid{
			{Person: ann, Why: routing.WhyAway}, {Person: ben, Why: routing.WhyFull}, {Person: cat, Why: routing.WhyOtherTeam},
		}},
	}
	if got.Person != 0 || !reflect.DeepEqual(got.Tried, want) {
		t.Errorf("person %d, tried\n%+v, want\n%+v", got.Person, got.Tried, want)
	}
}

// Whoever is equal gets equally many, and nobody more than there is room for: by load, by turn, and roughly by chance.
// Requirement R-131: Rule: anybody.
// Requirement R-132: Rule: in turn.
func TestFairness(t *testing.T) {
	t.Parallel()
	for by, tolerance := range map[routing.By]int{routing.ByLeastLoad: 1, routing.ByRoundRobin: 1, routing.ByRandom: 120} {
		people := make([]routing.Person, 5)
		for i := range people {
			people[i] = routing.Person{ID: routing.PersonID(i + 1), Capacity: 300}
		}
		given := make([]int, len(people))
		for n := range 1000 {
			d := routing.Decide(routing.Plan{Rules: []routing.Rule{{By: by}}}, routing.Facts{Seed: uint64(n)}, people)
			i := int(d.Person) - 1
			given[i]++
			people[i].Load, people[i].Turn = given[i], int64(n+1)
		}
		if slices.Max(given)-slices.Min(given) > tolerance {
			t.Errorf("%s: %v", by, given)
		}

		for n := range 1000 {
			if d := routing.Decide(routing.Plan{Rules: []routing.Rule{{By: by}}}, routing.Facts{Seed: uint64(n)}, people); d.Person != 0 {
				people[d.Person-1].Load++
			}
		}
		for _, p := range people {
			if p.Load != p.Capacity {
				t.Errorf("%s: %d have %d of %d", by, p.ID, p.Load, p.Capacity)
			}
		}
	}
}

// Whatever the rules, the facts and the people: whoever gets a conversation is valid, no rule before would have given it to anybody, and a
// conversation that is handed to a team isn't handed on.
func TestDecideOnAnything(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	maybe := func() bool { return r.IntN(3) == 0 }
	for range 20_000 {
		people := make([]routing.Person, r.IntN(6))
		for i := range people {
			people[i] = routing.Person{
				ID: routing.PersonID(i + 1), Name: one("Ann", "Ben", "Cat"), Email: one("ann@acme.test", "ben@acme.test"),
				Skills: []string{one("german", "")}, Brands: []string{one("Bosch", "Braun")}, Teams: []string{one("Support", "Billing")}, Manual: maybe(), Away: maybe(), OffDuty: maybe(),
				Load: r.IntN(4), Capacity: r.IntN(4), Turn: int64(r.IntN(9)),
			}
		}
		plan := routing.Plan{Fallback: one("", "Billing", "Support", "ann@acme.test")}
		for range r.IntN(5) {
			plan.Rules = append(plan.Rules, routing.Rule{
				By: routing.By(one(routing.Ways()...)), Field: "manager", Skill: one("german", "french"), Team: one("Support", "Billing"),
				When: routing.When{Language: one("", "", "de"), Tag: one("", "", "VIP")},
			})
		}
		f := routing.Facts{
			Team: one("Support", "Billing"), Language: one("de", "en"), Tags: []string{one("VIP", "")}, Moved: maybe(),
			GaveBack: []routing.PersonID{routing.PersonID(r.IntN(9))}, LastAgent: routing.PersonID(r.IntN(6)), Salesman: one("", "ben@acme.test"),
			Brands: []string{one("Bosch", "")}, Fields: map[string]string{"manager": one("Cat", "")}, Seed: r.Uint64(),
		}

		d := routing.Decide(plan, f, people)
		if d.Team != "" {
			if f.Moved || d.Team == f.Team {
				t.Fatalf("handed on to %s: %+v, %+v", d.Team, plan, f)
			}
			f.Team, f.Moved = d.Team, true
			if d = routing.Decide(plan, f, people); d.Team != "" {
				t.Fatalf("handed on twice: %+v, %+v", plan, f)
			}
		}
		if d.Rule > 0 {
			if before := routing.Decide(routing.Plan{Rules: plan.Rules[:d.Rule]}, f, people); before.Person != 0 {
				t.Fatalf("rule %d decided, but one before finds %d: %+v, %+v", d.Rule, before.Person, plan, f)
			}
		}
		if d.Person != 0 {
			p := people[d.Person-1]
			isOwn := !p.Manual && p.Teams[0] == f.Team || d.Rule < 0
			isValid := isOwn && p.IsFree() && !slices.Contains(f.GaveBack, p.ID)
			isMeant := (d.By != routing.BySkill || slices.Contains(p.Skills, plan.Rules[d.Rule].Skill)) &&
				(d.By != routing.ByBrand || slices.Contains(p.Brands, f.Brands[0]))
			if !isValid || !isMeant {
				t.Fatalf("%+v gets it: %+v, %+v", p, plan, f)
			}
		}
		d.Why(plan, people) // has words for whatever happened
	}
}

func BenchmarkDecide(b *testing.B) {
	people := make([]routing.Person, 100)
	for i := range people {
		people[i] = routing.Person{ID: routing.PersonID(i + 1), Teams: []string{"Support"}, Skills: []string{"german"}, Load: i % 7}
	}
	plan := routing.Plan{Rules: []routing.Rule{{By: routing.BySalesman}, {By: routing.BySkill, Skill: "french"}, {By: routing.ByLeastLoad}}}
	for b.Loop() {
		routing.Decide(plan, routing.Facts{Team: "Support"}, people)
	}
}
