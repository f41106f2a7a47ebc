// A round that hangs: its progress is seen, Cancel ends it and its processes, and it is called incomplete.

const fs = require("node:fs");
const path = require("node:path");

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

module.exports = async (w, page, bed) => {
  const config = fs.readFileSync(bed.config, "utf8");
  const file = path.join(bed.work, "waiting.pid");
  const command = JSON.stringify(["sh", "-c", `echo $$ > ${file}; exec sleep 600`]);
  fs.writeFileSync(
    bed.config,
    `${config}[agents.waiting]\nadapter = "command"\nlabel = "Waiting"\ncommand = ${command}\n`,
  );

  await w.run("Deep Review: Review Current Branch");
  await w.see(".notification-toast:has-text('waiting for Waiting')");
  await w.until("the agent runs", () => fs.existsSync(file) && fs.readFileSync(file, "utf8").endsWith("\n"));
  await w.see(".statusbar-item:has-text('Deep Review') .codicon-loading");
  w.say("progress, in a notification and in the status bar");
  await w.shot("progress");
  const pid = Number(fs.readFileSync(file, "utf8"));
  await page.click(".notification-toast:has-text('waiting for Waiting') .monaco-button:has-text('Cancel')");
  await w.see(".notification-toast:has-text('The review is incomplete')");
  await w.until("its process is gone", () => !alive(pid));
  await w.see(".statusbar .codicon-alert");
  await w.see(w.finding("appends before"));
  w.say("cancelled: the process is gone, the round incomplete, what the others said kept");
  await w.shot("incomplete");
  fs.writeFileSync(bed.config, config);
  await w.clearNotifications();
};
