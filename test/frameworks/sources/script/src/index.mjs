import { show } from './show.mjs';

show();
import.meta.webpackHot?.accept('./show.mjs', show);
