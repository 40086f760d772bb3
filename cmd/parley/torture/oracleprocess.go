package torture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"parley/cmd/parley/child"
	"parley/cmd/parley/torture/emulators"
)

// oracleProcess is the oracle's process, as this one sees it.
type oracleProcess struct {
	process  *child.Process
	in       *os.File // our end of its standard input
	requests *json.Encoder
	replies  *json.Decoder
	out      *os.File
}

// startOracle starts the process that judges. It speaks with this one by lines of JSON on its standard input and output.
func startOracle(program, log string) (*oracleProcess, error) {
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("torture: oracle: %w", err)
	}

	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("torture: oracle: %w", err), theirIn.Close(), ourOut.Close())
	}

	p, err := child.Start(child.Spec{Name: "oracle", Program: []string{program, "torture", "--oracle"}, Env: child.CleanEnv(), Log: log, Stdin: theirIn, Stdout: theirOut})
	err = errors.Join(err, theirIn.Close(), theirOut.Close())
	if err != nil {
		return nil, errors.Join(err, ourOut.Close(), ourIn.Close())
	}

	return &oracleProcess{process: p, in: ourOut, out: ourIn, requests: json.NewEncoder(ourOut), replies: json.NewDecoder(ourIn)}, nil
}

func (p *oracleProcess) setUp(w emulators.Client, convs int, hold time.Duration) error {
	_, err := p.ask(oracleRequest{Setup: &oracleSetup{Client: w, Conversations: convs, Hold: hold}})
	return err
}

// ask sends one order and waits for its answer.
func (p *oracleProcess) ask(o oracleRequest) (oracleReply, error) {
	var a oracleReply
	if err := p.requests.Encode(o); err != nil {
		return a, fmt.Errorf("torture: oracle: %w", err)
	}
	if err := p.replies.Decode(&a); err != nil {
		return a, fmt.Errorf("torture: oracle: %w", err)
	}
	if a.Err != "" {
		return a, errors.New(a.Err)
	}
	return a, nil
}

func (p *oracleProcess) end() {
	_, _ = p.in.Close(), p.out.Close() // the process is ended anyway
	p.process.End()
}
