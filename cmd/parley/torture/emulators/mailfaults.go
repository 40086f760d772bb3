package emulators

import (
	"context"
	"net/http"

	"parley/channels/email/mailfake"
)

// mailFaults returns the faults of IMAP and SMTP.
func mailFaults() []mailfake.Fault {
	const often, seldom = 0.04, 0.02
	return []mailfake.Fault{
		{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: seldom, Bytes: 100},
		{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Times: mailfake.Forever, Probability: seldom},
		{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: seldom},
		{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpSELECT, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpSEARCH, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpIDLE, Action: mailfake.ActionBye, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpAPPEND, Action: mailfake.ActionDropAfter, Times: mailfake.Forever, Probability: often},
	}
}

// ArmFaults arms the faults of all providers. They occur by chance until ClearFaults.
func (c Client) ArmFaults(ctx context.Context) error {
	if err := c.Platform().armFaults(ctx); err != nil {
		return err
	}

	for _, f := range mailFaults() {
		if err := c.Call(ctx, http.MethodPost, c.Mail+"/_fake/mail/faults", f, nil); err != nil {
			return err
		}
	}

	for _, path := range c.optionalFaultPaths() {
		if err := c.Call(ctx, http.MethodPost, c.Mail+path, nil, nil); err != nil {
			return err
		}
	}

	return nil
}
