package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"gatepost/mailin"
	"gatepost/parse"
)

func newParseCommand(g *globals) *cobra.Command {
	var why bool
	cmd := &cobra.Command{
		Use:   "parse FILE…",
		Short: "How mails are read and why: one line of JSON a mail",
		Long: "Reads .eml files, mboxes or folders of them (- is standard input) and prints how each\n" +
			"mail was read, one line of JSON a mail. The teams of the config are known if there is one.",
		Example: "  gatepost parse reply.eml | jq .commands\n  gatepost parse --why reply.eml",
		Args:    minArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt, err := parseOptions(g, cmd.Flags().Changed("config"))
			if err != nil {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			defer out.Flush()
			show := func(name string, raw []byte) error {
				opt := opt
				opt.File = name
				if why {
					_, err := fmt.Fprintln(out, parse.Explain(raw, opt))
					return err
				}
				return printJSON(out, parse.Read(raw, opt))
			}
			for _, arg := range args {
				if arg == "-" {
					raw, err := io.ReadAll(os.Stdin)
					if err != nil {
						return fmt.Errorf("read standard input: %w", err)
					}
					if err := show("-", raw); err != nil {
						return err
					}
					continue
				}
				if err := mailin.Files([]string{arg}, show); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&why, "why", false, "explain line by line instead")
	return cmd
}

// parseOptions is what the config knows; a config that nobody named may be
// missing.
func parseOptions(g *globals, named bool) (parse.Options, error) {
	if _, err := os.Stat(g.config); err != nil && !named {
		return parse.Options{}, nil
	}
	cfg, err := g.read()
	if err != nil {
		return parse.Options{}, err
	}
	opt := parse.Options{Hosts: cfg.hosts(), Words: map[string][]string{}, AuthservID: cfg.Evidence.AuthservID}
	for _, t := range cfg.Teams {
		opt.Teams = append(opt.Teams, t.Address)
		for word, more := range t.Words {
			opt.Words[word] = append(opt.Words[word], more...)
		}
		opt.Names = append(opt.Names, t.Names()...)
	}
	return opt, nil
}

// printJSON writes one value on one line.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printIndented writes one value over several lines, for a person to read as well.
func printIndented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
