package verb

import (
	"testing"

	"parley/bridge"
)

// A conversation is assigned to a team, or to people who are mentioned, named or called "me". Further words are a
// note for them.
// Requirement R-121: Hand over to a team.
func TestParseAssign(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for _, tt := range []struct {
		typed string
		want  args
	}{
		{typed: "!assign <@UANN>", want: args{Agents: []string{"UANN"}}},
		{typed: "!a <@UANN>", want: args{Agents: []string{"UANN"}}},
		{typed: "!assign to <@UANN>", want: args{Agents: []string{"UANN"}}},
		{typed: "!assign <@UANN> +<@UBOB>", want: args{Agents: []string{"UANN", "UBOB"}}},
		{typed: "!assign <@UANN>, <@UBOB>", want: args{Agents: []string{"UANN", "UBOB"}}},
		{typed: "!assign <@UANN> and <@UBOB>", want: args{Agents: []string{"UANN", "UBOB"}}},
		{typed: "!assign +<@UBOB>", want: args{Agents: []string{"UBOB"}, Add: true}},
		{typed: "!assign + <@UBOB>", want: args{Agents: []string{"UBOB"}, Add: true}},
		{typed: "!assign ann", want: args{Agents: []string{"ann"}}},
		{typed: "!assign @ann", want: args{Agents: []string{"@ann"}}},
		{typed: "!assign <@UANN> +@bob, thanks", want: args{Agents: []string{"UANN", "@bob"}, Note: "thanks"}},

		{typed: "!assign me", want: args{Agents: []string{"me"}}},
		{typed: "!assign mich.", want: args{Agents: []string{"me"}}},
		{typed: "!assign mir!", want: args{Agents: []string{"me"}, Note: "!"}},
		{typed: "!assign mich.weber", want: args{Agents: []string{"mich.weber"}}},
		{typed: "!assign me-linh", want: args{Agents: []string{"me-linh"}}},
		{typed: "!assign mir.ahmad@shop.example bitte", want: args{Agents: []string{"mir.ahmad@shop.example"}, Note: "bitte"}},
		{typed: "!assign @ann mir fehlt heute die Zeit", want: args{Agents: []string{"@ann"}, Note: "mir fehlt heute die Zeit"}},
		{typed: "!assign <@UANN> an mich hat er nie geschrieben", want: args{Agents: []string{"UANN"}, Note: "an mich hat er nie geschrieben"}},
		{typed: "!assign <@UANN> + me", want: args{Agents: []string{"UANN", "me"}}},
		{typed: "!assign <@UANN>, me", want: args{Agents: []string{"UANN", "me"}}},
		{typed: "!assign @ann and me", want: args{Agents: []string{"@ann", "me"}}},
		{typed: "!assign @ann. Thanks", want: args{Agents: []string{"@ann"}, Note: ". Thanks"}},
		{typed: "!assign @ann - she knows him", want: args{Agents: []string{"@ann"}, Note: "- she knows him"}},
		{typed: "!assign @ann und mir", want: args{Agents: []string{"@ann", "me"}}},
		{typed: "!assign <@UANN> & me please", want: args{Agents: []string{"UANN", "me"}, Note: "please"}},
		{typed: "!assign <@UANN> and +me", want: args{Agents: []string{"UANN", "me"}}},
		{typed: "!assign to me", want: args{Agents: []string{"me"}}},
		{typed: "!assign me +<@UBOB> both please", want: args{Agents: []string{"me", "UBOB"}, Note: "both please"}},

		{typed: "!assign Ann@Acme.test", want: args{Agents: []string{"ann@acme.test"}}},
		{typed: "!assign [ann@acme.test](mailto:ann@acme.test)", want: args{Agents: []string{"ann@acme.test"}}},
		{typed: "!t <@UANN> an old friend", want: args{Agents: []string{"UANN"}, Note: "an old friend"}},
		{typed: `!t <at id="0">Ann Lee</at> hi`, want: args{Agents: []string{"19:ann"}, Note: "hi"}},

		{typed: "!t #billing", want: args{Team: "billing"}},
		{typed: "!assign to #billing", want: args{Team: "billing"}},
		{typed: "!assign #first-line wants a refund", want: args{Team: "first-line", Note: "wants a refund"}},
		{typed: `!assign #"First line" wants it`, want: args{Team: "First line", Note: "wants it"}},
		{typed: "!assign #billing <@UANN> knows", want: args{Team: "billing", Note: "<@UANN> knows"}},
	} {
		wantParsed(t, tt.typed, Parse(tt.typed, team), Parsed{Verb: bridge.VerbAssign, Marker: bridge.MarkBang, Args: tt.want})
	}
}
