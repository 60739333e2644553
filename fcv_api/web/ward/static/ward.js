"use strict";
// The clock is the server's: what this computer's clock shows may be wrong. `performance.now()` only counts on.
const clock = document.getElementById("clock");
const written = clock.dateTime;
const zone = written.slice(19).replace(/^\.\d+/, "");
const offset = zone === "Z" ? 0 : (zone[0] === "-" ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)));
const began = Date.parse(written) + offset * 60000 - performance.now();
setInterval(() => {
  clock.textContent = new Date(began + performance.now()).toISOString().slice(11, 19);
}, 1000);
