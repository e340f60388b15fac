import { App } from './app/app';

const host = document.getElementById('app');
if (host) void new App(host).start();
