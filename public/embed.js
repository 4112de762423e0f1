// The module for pages that embed the app; its name stays the same over all releases.
export { mount } from "./mount.js";
