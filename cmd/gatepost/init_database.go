package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
)

// initDatabase is `gatepost init --database`: an empty database and a new
// secret for a config that exists. Both are refused where there is one: task
// numbers begin at 1 again, so with the secret of before an approval in an old
// letter would open the gate of a new task.
func initDatabase(cmd *cobra.Command, g *globals, a *initAnswers) error {
	if !reflect.DeepEqual(*a, initAnswers{}) {
		return usagef("--database takes everything from the config: leave the other flags out, or edit the config")
	}
	cfg, err := g.read()
	if err != nil {
		return err
	}
	database, secret := cfg.Store.Path, cfg.Secret.File
	const why = "in an empty database task numbers begin at 1 again, and with a secret of before an approval in an old letter would open the gate of a new task. " +
		"If the database was lost, restore a backup (docs/operating.md) and leave this. To begin again without any task, "
	if there, err := exists(database); err != nil {
		return err
	} else if there {
		return fmt.Errorf("init: the database %q exists and is not overwritten: use it as it is", database)
	}
	for _, log := range []string{database + "-wal", database + "-journal"} { // SQLite would remove it
		if there, err := exists(log); err != nil {
			return err
		} else if there {
			return fmt.Errorf("init: here lies %q of a database that was lost, which may hold its last commits: restore that one, or put this file somewhere else", log)
		}
	}
	if strings.HasPrefix(secret, credentials) {
		return fmt.Errorf("init: the secret %q is given by systemd, so it cannot be seen whether it is new: %sname a file that does not exist under [secret]; it can become the credential afterwards", secret, why)
	}
	if len(cfg.Secret.OldFiles) > 0 {
		return fmt.Errorf("init: there are old secrets under [secret]: %stake them out", why)
	}
	if there, err := exists(secret); err != nil {
		return err
	} else if there {
		return fmt.Errorf("init: the secret %q exists: %smove it away (mv %[1]s %[1]s.before) and call this anew, which makes a new one", secret, why)
	}
	out := cmd.OutOrStdout()
	if err := makeAll(out, []initFile{{secret, newSecret() + "\n", 0o600}}, database); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Next: gatepost check --config %s, then gatepost run --config %[1]s\n", g.config)
	return err
}
