package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge/engine"
	"parley/store/measure"
)

// These stories of one conversation each are examples of docs/measures.md. Their times are Berlin's, and the office is
// open from 9 to 5 on weekdays.
// Requirement R-230: Time to answer.
// Requirement R-231: Share resolved.
// Requirement R-232: Messages counted.
// Requirement R-233: By agent and team.
// Requirement R-144: Hours count in figures and automatic replies.
func TestShares(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ lines, want string }{ // what happens, and the shares with their days of November
		"a question, an answer, the end": {`
			mon 09:00 she opens
			mon 09:12 ann answers
			mon 09:30 ann resolves`, `
			16 support ann: out 1, resolved 1, first 1: 12/12 min, worst 12/12, ended 1: 30/30 min, worst 30/30
			16 support nobody: opened 1, in 1`},
		"several messages are one wait, and only the first answer ends it": {`
			mon 09:00 she opens
			mon 09:05 she writes
			mon 09:20 ann answers
			mon 09:25 ann answers
			mon 10:00 she writes
			mon 10:02 she writes
			mon 10:30 ben answers`, `
			16 support ann: in 2, out 2, first 1: 20/20 min, worst 20/20
			16 support ben: out 1, next 1: 30/30 min, worst 30/30
			16 support nobody: opened 1, in 2`},
		"over the weekend": {`
			fri 16:30 she opens
			sun 10:00 she writes
			sun 12:00 ann answers`, `
			20 support nobody: opened 1, in 1
			22 support ann: out 1, first 1: 2610/30 min, worst 2610/30
			22 support nobody: in 1`},
		"reopened: a new episode, but no second first answer": {`
			mon 09:00 she opens
			mon 09:10 ann answers
			mon 09:20 ann resolves
			tue 10:00 she writes
			tue 10:30 ben answers
			tue 11:00 ben resolves`, `
			16 support ann: out 1, resolved 1, first 1: 10/10 min, worst 10/10, ended 1: 20/20 min, worst 20/20
			16 support nobody: opened 1, in 1
			17 support ann: reopened 1, in 1, resolved 1, ended 1: 60/60 min, worst 60/60
			17 support ben: out 1, next 1: 30/30 min, worst 30/30`},
		"abandoned: nobody ever answered, and ended once though it is closed, too": {`
			mon 09:00 she opens
			tue 09:00 ben resolves
			tue 10:00 ann closes`, `
			16 support nobody: opened 1, in 1
			17 support ben: resolved 1, abandoned 1, ended 1: 1440/480 min, worst 1440/480`},
		"what an agent reopens and resolves isn't abandoned": {`
			mon 09:00 she opens
			mon 09:10 ann answers
			mon 09:10 ann resolves
			mon 09:11 ann reopens
			mon 09:12 ann resolves`, `
			16 support ann: reopened 1, out 1, resolved 2, first 1: 10/10 min, worst 10/10, ended 2: 11/11 min, worst 10/10
			16 support nobody: opened 1, in 1`},
		"opened again unanswered: the customer has waited all the time": {`
			mon 09:00 she opens
			mon 09:10 ann resolves
			mon 09:20 ann reopens
			mon 09:30 ann answers`, `
			16 support ann: out 1, resolved 1, abandoned 1, first 1: 30/30 min, worst 30/30, ended 1: 10/10 min, worst 10/10
			16 support nobody: opened 1, reopened 1, in 1`},
		"handed over: each team has what happened while it had the conversation": {`
			mon 09:00 she opens
			mon 09:10 ann takes
			mon 09:20 ann hands to billing
			mon 09:50 ben answers
			mon 10:00 ben resolves`, `
			16 billing ben: out 1, resolved 1, first 1: 50/50 min, worst 50/50, ended 1: 60/60 min, worst 60/60
			16 support nobody: opened 1, in 1`},
		"the lead gets the end, the author the answer": {`
			mon 09:00 she opens
			mon 09:05 ann takes
			mon 09:06 ben joins
			mon 09:10 ben answers
			mon 09:20 ben resolves`, `
			16 support ann: resolved 1, ended 1: 20/20 min, worst 20/20
			16 support ben: out 1, first 1: 10/10 min, worst 10/10
			16 support nobody: opened 1, in 1`},
		"a snooze, a note and a taken-back answer stop no clock": {`
			mon 09:00 she opens
			mon 09:05 ann snoozes
			mon 09:06 ann notes
			mon 09:07 ann undoes
			mon 09:30 ann answers`, `
			16 support ann: out 1, first 1: 30/30 min, worst 30/30
			16 support nobody: opened 1, in 1`},
		"an answer that failed is none; sent again, it counts then": {`
			mon 09:00 she opens
			mon 09:10 ann answers
			mon 09:10 ann fails
			mon 09:40 ann sends again`, `
			16 support ann: out 1, first 1: 40/40 min, worst 40/40
			16 support nobody: opened 1, in 1`},
		"nobody knows whether it arrived: no answer yet": {`
			mon 09:00 she opens
			mon 09:10 ann answers
			mon 09:10 ann is unclear`, `
			16 support nobody: opened 1, in 1`},
		"machines write and answer beside the clock": {`
			mon 09:00 she opens
			mon 09:01 it a machine answers
			mon 09:02 she writes automatically
			mon 09:15 it answers elsewhere`, `
			16 support nobody: opened 1, in 1, out 1, first 1: 15/15 min, worst 15/15`},
		"answered from the mailbox, of which only a copy came": {`
			mon 09:00 she opens
			mon 09:15 it answers by a copy to the mailbox`, `
			16 support nobody: opened 1, in 1, out 1, first 1: 15/15 min, worst 15/15`},
		"set to wait for the customer: no answer is due": {`
			mon 09:00 she opens
			mon 09:10 ann waits for the customer
			mon 10:00 ann answers
			mon 11:00 she writes
			mon 11:05 ann answers
			mon 11:05 it is set pending`, `
			16 support ann: in 1, out 2, next 1: 5/5 min, worst 5/5
			16 support nobody: opened 1, in 1`},
		"an agent begins: there is no first answer, and nothing to abandon": {`
			mon 09:00 ann starts
			mon 10:00 she writes
			mon 10:20 ann answers
			mon 10:30 ann closes`, `
			16 support ann: opened 1, in 1, out 2, resolved 1, next 1: 20/20 min, worst 20/20, ended 1: 90/90 min, worst 90/90`},
		"promoted: the customer waits since then": {`
			mon 09:00 ann promotes
			mon 09:20 ann answers`, `
			16 support ann: in 1, out 1, first 1: 20/20 min, worst 20/20
			16 support nobody: opened 1`},
		"collected and promoted: it counts once": {`
			mon 09:00 ann promotes collected
			mon 09:20 ann answers`, `
			16 support ann: in 1, out 1, first 1: 20/20 min, worst 20/20
			16 support nobody: opened 1`},
		"just before midnight in Berlin is that day": {`
			mon 23:50 she opens
			tue 00:10 ann answers`, `
			16 support nobody: opened 1, in 1
			17 support ann: out 1, first 1: 20/0 min, worst 20/0`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := office(t)
			s := play(t, h.Zone(), tt.lines)
			want := strings.ReplaceAll(strings.TrimSpace(tt.want), "\t", "")
			if got := describeShares(engine.Shares(s.subject, s.log, s.said, h, engine.Targets{})); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// What was done within the account's targets is counted by what the office was open, once for each wait.
// Requirement R-238: Share acknowledged within target.
func TestSharesWithinTargets(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lines string
		want  measure.Figures
	}{
		"both in time": {`
			mon 09:00 she opens
			mon 09:04 ann takes
			mon 09:20 ann answers`, measure.Figures{AckCount: 1, AckKept: 1, ReplyCount: 1, ReplyKept: 1}},
		"the night doesn't count": {`
			thu 16:58 she opens
			fri 09:04 ann answers`, measure.Figures{AckCount: 1, ReplyCount: 1, ReplyKept: 1}},
		"taken late, and answered in time": {`
			mon 09:00 she opens
			mon 09:10 ann takes
			mon 09:30 ann answers`, measure.Figures{AckCount: 1, ReplyCount: 1, ReplyKept: 1}},
		"what somebody has isn't taken again": {`
			mon 09:00 she opens
			mon 09:01 ann answers
			mon 10:00 she writes
			mon 11:00 ann answers`, measure.Figures{AckCount: 1, AckKept: 1, ReplyCount: 2, ReplyKept: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := office(t)
			s := play(t, h.Zone(), tt.lines)
			var got measure.Figures
			shares, _ := engine.Shares(s.subject, s.log, s.said, h, engine.Targets{Ack: 5 * time.Minute, Reply: 30 * time.Minute})
			for _, share := range shares {
				got.Add(measure.Figures{
					AckCount: share.AckCount, AckKept: share.AckKept, ReplyCount: share.ReplyCount, ReplyKept: share.ReplyKept,
				})
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
