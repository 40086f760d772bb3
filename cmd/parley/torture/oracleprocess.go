package torture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"parley/cmd/parley/child"
)

// oracleProcess is the process of the test oracle, seen from the run. Both speak by lines of JSON: a request on the
// oracle's standard input, a reply on its standard output.
type oracleProcess struct {
	process  *child.Process
	in       *os.File // the run's end of the oracle's standard input
	out      *os.File // the run's end of its standard output
	requests *json.Encoder
	replies  *json.Decoder
}

// startOracle starts the process of the oracle.
func startOracle(program, log string) (*oracleProcess, error) {
	oracleIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("torture: oracle: %w", err)
	}

	out, oracleOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("torture: oracle: %w", err), oracleIn.Close(), in.Close())
	}

	process, err := child.Start(child.Spec{
		Name:    "oracle",
		Program: []string{program, "torture", "--oracle"},
		Env:     child.CleanEnv(),
		Log:     log,
		Stdin:   oracleIn,
		Stdout:  oracleOut,
	})
	err = errors.Join(err, oracleIn.Close(), oracleOut.Close())
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}

	return &oracleProcess{
		process:  process,
		in:       in,
		out:      out,
		requests: json.NewEncoder(in),
		replies:  json.NewDecoder(out),
	}, nil
}

// setUp tells the oracle where the emulators are.
func (p *oracleProcess) setUp(s oracleSetup) error {
	_, err := p.ask(oracleRequest{Setup: &s})
	return err
}

// ask sends one request and waits for its reply.
func (p *oracleProcess) ask(request oracleRequest) (oracleReply, error) {
	var reply oracleReply
	if err := p.requests.Encode(request); err != nil {
		return reply, fmt.Errorf("torture: oracle: %w", err)
	}
	if err := p.replies.Decode(&reply); err != nil {
		return reply, fmt.Errorf("torture: oracle: %w", err)
	}
	if reply.Err != "" {
		return reply, errors.New(reply.Err)
	}
	return reply, nil
}

func (p *oracleProcess) end() {
	_, _ = p.in.Close(), p.out.Close() // the process is ended anyway
	p.process.End()
}
